import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Migration {
  /** The file's name, such as `0001_outbox.sql`; migrations run in its order. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, hexadecimal. */
  readonly checksum: string;
}

/** A database as the migrator needs it; one connection that holds the lock from `lock` to `close`. */
export interface MigrationTarget {
  /** Takes the migration lock, waiting for a rival to finish, and creates the table of applied migrations. */
  lock(): Promise<void>;
  applied(): Promise<ReadonlyMap<string, string>>;
  /** Runs one migration and records it, in one transaction. */
  apply(migration: Migration): Promise<void>;
  /** Gives `role` the rights that a service needs on these objects, and no more. Idempotent. */
  grant(role: string, objects: Grantable): Promise<void>;
  /** Releases the lock and disconnects. */
  close(): Promise<void>;
}

/** What a service uses. */
export interface Grantable {
  readonly tables: readonly string[];
  /** Types of table parameters, where the dialect has them. */
  readonly types: readonly string[];
}

/** Reads the numbered `.sql` files of a directory. */
export function readMigrations(directory: URL): Migration[] {
  const names = readdirSync(fileURLToPath(directory))
    .filter((name) => name.endsWith(".sql"))
    .sort();
  return names.map((name) => {
    if (!/^\d{4}_[a-z0-9-]+\.sql$/.test(name))
      throw new Error(`${name} is not named like 0001_what-it-does.sql`);
    const sql = readFileSync(new URL(name, directory), "utf8");
    return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
  });
}

/**
 * Applies what is pending, in order, under the lock; safe to run any number of times and several at once. Throws,
 * before changing anything, when a migration that was applied has been edited or is missing. Returns the names applied.
 */
export async function migrate(target: MigrationTarget, migrations: readonly Migration[]): Promise<string[]> {
  await target.lock();
  const applied = await target.applied();
  for (const [name, checksum] of applied) {
    const known = migrations.find((migration) => migration.name === name);
    if (!known)
      throw new Error(`the database has migration ${name}, which this version does not know; it is newer`);
    if (known.checksum !== checksum) {
      throw new Error(
        `migration ${name} was edited after it was applied; undo the edit and add a new migration`,
      );
    }
  }
  const done: string[] = [];
  for (const migration of migrations) {
    if (applied.has(migration.name)) continue;
    try {
      await target.apply(migration);
    } catch (cause) {
      throw new Error(`migration ${migration.name} failed: ${(cause as Error).message}`, { cause });
    }
    done.push(migration.name);
  }
  return done;
}
