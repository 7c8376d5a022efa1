import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** The account that the server runs as; undefined when it is our own. */
export type ServerUser = { uid: number; gid: number } | undefined;

export interface Passwords {
  readonly admin: string;
  readonly owner: string;
  readonly app: string;
}

/** Where Debian puts the newest PostgreSQL's programs. */
export function postgresBinaries(): string {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const newest = versions.find((version) => existsSync(join(root, version, "bin/postgres")));
  if (newest === undefined) throw new Error("PostgreSQL is not installed: apt-get install postgresql");
  return join(root, newest, "bin");
}

/** PostgreSQL refuses to run as root: then it runs as Debian's user `postgres`. */
export function serverUser(): ServerUser {
  if (process.getuid?.() !== 0) return undefined;
  const [, , uid, gid] = execFileSync("getent", ["passwd", "postgres"], { encoding: "utf8" }).split(":");
  return { uid: Number(uid), gid: Number(gid) };
}

/**
 * A directory that the server's user can enter: `preferred`
 * when its whole path is open to it, else `fallback`.
 */
export function reachableDir(preferred: string, fallback: string): string {
  const as = serverUser();
  if (!as || existsSync(join(preferred, "data"))) return preferred;
  mkdirSync(preferred, { recursive: true, mode: 0o711 });
  try {
    execFileSync("test", ["-x", preferred], as);
    return preferred;
  } catch {
    rmSync(preferred, { recursive: true });
    return fallback;
  }
}

/**
 * Makes the data directory `dir`/data, or takes the one that is there, and returns its
 * passwords. An interruption leaves nothing behind that a later call would take for finished.
 */
export function prepareData(dir: string, as: ServerUser): Passwords {
  ownDirectory(dir, as);
  const file = join(dir, "passwords.json");
  const data = join(dir, "data");
  if (existsSync(data)) return JSON.parse(readFileSync(file, "utf8")) as Passwords;
  const word = () => randomBytes(18).toString("hex");
  const passwords: Passwords = { admin: word(), owner: word(), app: word() };
  writeFileSync(file, JSON.stringify(passwords), { mode: 0o600 });
  initialise(dir, passwords, as);
  renameSync(join(dir, "data.new"), data);
  return passwords;
}

function initialise(dir: string, passwords: Passwords, as: ServerUser): void {
  const unfinished = join(dir, "data.new");
  const passwordFile = join(dir, "admin-password");
  for (const each of [unfinished, passwordFile]) rmSync(each, { recursive: true, force: true });
  writeFileSync(passwordFile, passwords.admin, { mode: 0o600 });
  if (as) chownSync(passwordFile, as.uid, as.gid);
  const options = ["--username=postgres", `--pwfile=${passwordFile}`, "--auth=scram-sha-256"];
  const text = ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
  const initdb = join(postgresBinaries(), "initdb");
  execFileSync(initdb, ["-D", unfinished, ...options, ...text], { cwd: dir, stdio: "pipe", ...as });
  rmSync(passwordFile);
}

/** Makes the directory; refuses one that somebody else has put there, as anyone may under /var/tmp. */
function ownDirectory(dir: string, as: ServerUser): void {
  mkdirSync(dir, { recursive: true, mode: 0o711 });
  const found = lstatSync(dir);
  const ours = [process.getuid?.(), as?.uid];
  if (!found.isDirectory() || !ours.includes(found.uid)) throw new Error(`${dir} belongs to somebody else`);
  if (as) chownSync(dir, as.uid, as.gid);
}
