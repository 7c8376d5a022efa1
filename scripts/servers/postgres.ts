import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { endProcess, send, spawnLogged, waitUntil } from "./child.ts";
import { freePort } from "./free-port.ts";

/** A PostgreSQL of ours on 127.0.0.1, with a database `cartwright`. */
export interface PostgresServer {
  /** As the owner of the database: for migrations. */
  readonly url: string;
  /** As the role of the services, which has the rights that migrations grant it. */
  readonly appUrl: string;
  readonly appRole: string;
  readonly port: number;
  readonly pid: number;
  /** SIGKILL takes every backend down, as a crash does. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Signals the postmaster and all its backends (SIGSTOP, SIGCONT). */
  signal(signal: NodeJS.Signals): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Creates another database owned by the same owner and returns its URL. */
  createDatabase(name: string): Promise<string>;
}

const OWNER = "cartwright_owner";
const APP = "cartwright_app";

interface Passwords {
  readonly admin: string;
  readonly owner: string;
  readonly app: string;
}

/**
 * Starts PostgreSQL from Debian's package in its own data directory, as the user `postgres` when we are root (it
 * refuses to run as root). `dir` must lie where that user may go: see {@link reachableDir}.
 */
export async function startPostgres(options: { dir: string; port?: number }): Promise<PostgresServer> {
  const port = options.port ?? (await freePort());
  const { dir } = options;
  const data = join(dir, "data");
  const bin = binaries();
  const as = serverUser();
  mkdirSync(dir, { recursive: true, mode: 0o711 });
  if (as) chownSync(dir, as.uid, as.gid);
  const passwords = initialise(dir, data, bin, as);
  let pid = 0;

  async function start(): Promise<void> {
    const logFile = join(dir, "postgres.log");
    writeFileSync(logFile, "", { flag: "a" });
    if (as) chownSync(logFile, as.uid, as.gid);
    const settings = {
      port,
      listen_addresses: "127.0.0.1",
      unix_socket_directories: dir,
      max_connections: 200,
    };
    const started = spawnLogged(
      join(bin, "postgres"),
      ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
      { logFile, cwd: dir, ...as },
    );
    pid = started.pid;
    await waitUntil("postgres", () => query(urlFor("postgres", passwords.admin, "postgres"), "SELECT 1"), {
      timeoutMs: 60_000,
      pid,
      logFile,
    });
  }

  const urlFor = (user: string, password: string, database: string) =>
    `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
  const createDatabase = async (name: string) => {
    await query(urlFor("postgres", passwords.admin, "postgres"), `CREATE DATABASE ${name} OWNER ${OWNER}`);
    return urlFor(OWNER, passwords.owner, name);
  };

  await start();
  await createRoles(urlFor("postgres", passwords.admin, "postgres"), passwords, createDatabase);
  return {
    url: urlFor(OWNER, passwords.owner, "cartwright"),
    appUrl: urlFor(APP, passwords.app, "cartwright"),
    appRole: APP,
    port,
    get pid() {
      return pid;
    },
    kill: async (signal) => {
      const backends = childrenOf(pid);
      await endProcess(pid, signal);
      await Promise.all(backends.map((backend) => endProcess(backend, "SIGKILL")));
    },
    signal: (signal) => {
      for (const each of [pid, ...childrenOf(pid)]) send(each, signal);
    },
    start,
    stop: async () => {
      for (const each of [pid, ...childrenOf(pid)]) send(each, "SIGCONT");
      await endProcess(pid, "SIGINT");
    },
    createDatabase,
  };
}

/** A directory that the database's user can enter: `preferred` when its whole path is open, else one under /var/tmp. */
export function reachableDir(preferred: string, fallback: string): string {
  const as = serverUser();
  if (!as) return preferred;
  mkdirSync(preferred, { recursive: true });
  try {
    execFileSync("test", ["-x", preferred], as);
    return preferred;
  } catch {
    return fallback;
  }
}

function binaries(): string {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const newest = versions.find((version) => existsSync(join(root, version, "bin/postgres")));
  if (newest === undefined) throw new Error("PostgreSQL is not installed: apt-get install postgresql");
  return join(root, newest, "bin");
}

function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [, , uid, gid] = execFileSync("getent", ["passwd", "postgres"], { encoding: "utf8" }).split(":");
  return { uid: Number(uid), gid: Number(gid) };
}

function initialise(
  dir: string,
  data: string,
  bin: string,
  as: { uid: number; gid: number } | undefined,
): Passwords {
  const file = join(dir, "passwords.json");
  if (existsSync(join(data, "PG_VERSION"))) return JSON.parse(readFileSync(file, "utf8")) as Passwords;
  const word = () => randomBytes(18).toString("hex");
  const passwords: Passwords = { admin: word(), owner: word(), app: word() };
  const adminFile = join(dir, "admin-password");
  writeFileSync(adminFile, passwords.admin, { mode: 0o600 });
  if (as) chownSync(adminFile, as.uid, as.gid);
  const auth = [
    "--username=postgres",
    `--pwfile=${adminFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
  ];
  execFileSync(join(bin, "initdb"), ["-D", data, ...auth, "--no-sync"], { cwd: dir, stdio: "pipe", ...as });
  rmSync(adminFile);
  writeFileSync(file, JSON.stringify(passwords), { mode: 0o600 });
  return passwords;
}

async function createRoles(
  adminUrl: string,
  passwords: Passwords,
  createDatabase: (name: string) => Promise<string>,
) {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query("SELECT FROM pg_roles WHERE rolname = $1", [OWNER]);
    if (rowCount !== 0) return;
    await client.query(`CREATE ROLE ${OWNER} LOGIN PASSWORD '${passwords.owner}'`);
    await client.query(`CREATE ROLE ${APP} LOGIN PASSWORD '${passwords.app}'`);
  } finally {
    await client.end();
  }
  await createDatabase("cartwright");
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

/** The direct children of a process: PostgreSQL's backends do not share its process group. */
function childrenOf(pid: number): number[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === pid ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
}
