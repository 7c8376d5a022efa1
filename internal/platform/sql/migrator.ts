import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Whether binaries that do not know a migration can go on beside it: after an expanding one they can, after a
 * contracting one (it takes away or changes what they use) they cannot.
 */
export type MigrationKind = "expanding" | "contracting";

export interface Migration {
  /** The file's name, such as `0001_outbox.sql`; migrations run in its order. */
  readonly name: string;
  readonly kind: MigrationKind;
  readonly sql: string;
  /** SHA-256 of the file, hexadecimal. */
  readonly checksum: string;
}

export type AppliedMigration = Pick<Migration, "name" | "kind" | "checksum">;

/** A database as the migrator needs it; one connection that holds the lock from `lock` to `close`. */
export interface MigrationTarget {
  /** Takes the migration lock, waiting for a rival in bounds, and creates the table of applied migrations. */
  lock(): Promise<void>;
  applied(): Promise<readonly AppliedMigration[]>;
  /** Runs one migration and records it, in one transaction. */
  apply(migration: Migration): Promise<void>;
  /**
   * Gives `role` the rights that a service needs on these
   * objects and to read what is applied, no more. Idempotent.
   */
  grant(role: string, objects: Grantable): Promise<void>;
  /** Releases the lock and disconnects. */
  close(): Promise<void>;
}

export type Right = "SELECT" | "INSERT" | "UPDATE" | "DELETE";

/** What a service uses: tables with what it does to them, no more. */
export interface Grantable {
  readonly tables: Readonly<Record<string, readonly Right[]>>;
  /** Types of table parameters, where the dialect has them. */
  readonly types: readonly string[];
}

/**
 * Reads the numbered `.sql` files of a directory. Each says in its header, as a
 * line of its own, `-- expanding` or `-- contracting`; those in `unmarked` are
 * older than that rule, cannot be edited any more, and are expanding.
 */
export function readMigrations(directory: URL, unmarked: readonly string[] = []): Migration[] {
  const names = readdirSync(fileURLToPath(directory))
    .filter((name) => name.endsWith(".sql"))
    .sort();
  return names.map((name) => {
    if (!/^\d{4}_[a-z0-9-]+\.sql$/.test(name))
      throw new Error(`${name} is not named like 0001_what-it-does.sql`);
    const sql = readFileSync(new URL(name, directory), "utf8");
    const kind = unmarked.includes(name) ? "expanding" : kindOf(name, sql);
    return { name, kind, sql, checksum: createHash("sha256").update(sql).digest("hex") };
  });
}

function kindOf(name: string, sql: string): MigrationKind {
  const header = /^(?:--.*\n)*/.exec(sql)![0];
  const said = [...header.matchAll(/^-- (expanding|contracting)$/gm)].map(
    ([, kind]) => kind as MigrationKind,
  );
  if (said.length !== 1) throw new Error(`${name} must say "-- expanding" or "-- contracting" in its header`);
  return said[0]!;
}

/**
 * Applies what is pending, in order, under the lock; safe to run any number of times and several at once.
 * Throws, before changing anything, when a migration that was applied has been edited, or is unknown and
 * contracting. Returns the names applied, and those that a newer version has applied and that this one can
 * live with.
 */
export async function migrate(
  target: MigrationTarget,
  migrations: readonly Migration[],
): Promise<{ applied: string[]; newer: string[] }> {
  await target.lock();
  const there = await target.applied();
  const newer: string[] = [];
  for (const { name, kind, checksum } of there) {
    const known = migrations.find((migration) => migration.name === name);
    if (!known) {
      if (kind === "contracting") throw new Error(contracted(name));
      newer.push(name);
    } else if (known.checksum !== checksum) {
      throw new Error(
        `migration ${name} was edited after it was applied; undo the edit and add a new migration`,
      );
    }
  }
  const names = new Set(there.map(({ name }) => name));
  const applied: string[] = [];
  for (const migration of migrations) {
    if (names.has(migration.name)) continue;
    try {
      await target.apply(migration);
    } catch (cause) {
      throw new Error(`migration ${migration.name} failed: ${(cause as Error).message}`, { cause });
    }
    applied.push(migration.name);
  }
  return { applied, newer };
}

/** What a binary says that meets a contracting migration it does not know. */
export function contracted(name: string): string {
  return `the database has the contracting migration ${name} of a newer version: this version cannot use it any more; run the newer one`;
}
