import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../logger/logger.ts";
import { createOutageLog } from "../logger/outage-log.ts";
import { candidatesAmong, type KeyRing, type SigningKey, signingKey } from "./key-ring.ts";

const LEAST_BYTES = 32;
const MOST_BYTES = 4_096;
const MOST_READS = 5;

/** The secrets in a folder: the one that signs first, and the one that signed before or will sign next. */
export type FolderSecrets = readonly [current: string, ...previous: string[]];

/**
 * Reads the files `current` and, where there is one, `previous` of a folder; white space around a secret is
 * trimmed. Throws with a sentence about what is wrong. Files that change meanwhile are read again, so that
 * the two are of one moment: during a rotation one key moves from one file to the other.
 */
export function readKeyFolder(dir: string): FolderSecrets {
  let read = readOnce(dir);
  for (let reads = 1; reads < MOST_READS; reads++) {
    const again = readOnce(dir);
    if (again.join("\n") === read.join("\n")) return read;
    read = again;
  }
  throw new Error(`the keys in ${dir} change faster than they can be read`);
}

function readOnce(dir: string): FolderSecrets {
  const current = readSecret(dir, "current");
  if (current === null) throw new Error(`${join(dir, "current")} is missing`);
  const previous = readSecret(dir, "previous");
  return previous === null || previous === current ? [current] : [current, previous];
}

function readSecret(dir: string, name: string): string | null {
  const file = join(dir, name);
  let secret: string;
  try {
    secret = readFileSync(file, "utf8").trim();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return null;
    throw new Error(`${file} cannot be read: ${code}`, { cause });
  }
  const bytes = Buffer.byteLength(secret);
  if (bytes < LEAST_BYTES || bytes > MOST_BYTES)
    throw new Error(`${file} must hold a secret of ${LEAST_BYTES} to ${MOST_BYTES} bytes`);
  return secret;
}

/**
 * The keys in a folder that may change while the process runs, such as a mounted Secret: looked at every
 * `intervalMs`. While the folder cannot be read the keys at hand stay; that is logged as it begins and as it
 * ends. Throws when it cannot be read at first.
 */
export function watchKeyFolder(options: {
  dir: string;
  log: Logger;
  intervalMs?: number;
}): KeyRing & { close(): void } {
  const { dir, log, intervalMs = 5_000 } = options;
  let secrets = readKeyFolder(dir);
  let keys: SigningKey[] = secrets.map(signingKey);
  let edition = 0;
  const outage = createOutageLog(log, {
    began: "the keys cannot be read; those at hand stay in use",
    ended: "the keys can be read again",
    level: "error",
  });

  function look(): void {
    try {
      const now = readKeyFolder(dir);
      outage.over({ dir });
      if (now.join("\n") === secrets.join("\n")) return;
      secrets = now;
      keys = now.map(signingKey);
      edition++;
      log.info({ dir, current: keys[0]!.id, accepted: keys.map(({ id }) => id) }, "the keys have changed");
    } catch (err) {
      outage.met({ err, dir });
    }
  }

  const timer = setInterval(look, intervalMs).unref();
  return {
    current: () => keys[0]!,
    candidates: (kid) => candidatesAmong(keys, kid),
    edition: () => edition,
    close: () => clearInterval(timer),
  };
}
