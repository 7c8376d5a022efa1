import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../logger/logger.ts";
import type { Database } from "./database.ts";
import { type AppliedMigration, contracted, type Migration } from "./migrator.ts";

type Seen = Pick<AppliedMigration, "name" | "kind">;

const READ = "SELECT name, kind FROM schema_migration";

/** Of PostgreSQL and of SQL Server: no such table, no such column; and no right to read it. */
const ABSENT = ["42P01", "3F000", "42703", 208, 207];
const FORBIDDEN = ["42501", 229];

/**
 * How long a database may take to say what it has, in ms: a
 * probe of readiness must not wait for a frozen one.
 */
const PATIENCE_MS = 1_000;

/**
 * A readiness check: rejects, with what to do, while the database's schema is older than `migrations`, or has
 * a contracting migration that is not among them. Goes on beside unknown expanding ones, and logs them once.
 * A database that does not answer within a second says nothing about its schema, and passes: whether it must
 * answer is not this check's to judge.
 */
export function schemaIsCurrent(
  database: Database,
  migrations: readonly Migration[],
  log: Logger,
): () => Promise<void> {
  const known = new Set(migrations.map(({ name }) => name));
  let told = "";
  let reading: Promise<readonly Seen[] | Error> | null = null;

  return async () => {
    reading ??= read(database).finally(() => {
      reading = null;
    });
    const seen = await Promise.race([reading, delay(PATIENCE_MS, null, { ref: false })]);
    if (seen === null) return;
    if (seen instanceof Error) {
      if (refusedFor(seen, ABSENT))
        throw new Error("the database has no schema of this version yet: run migrate");
      if (refusedFor(seen, FORBIDDEN))
        throw new Error(
          "schema_migration may not be read: run migrate with DATABASE_APP_ROLE set to this user",
        );
      return;
    }
    const there = new Set(seen.map(({ name }) => name));
    const missing = [...known].filter((name) => !there.has(name));
    if (missing.length > 0)
      throw new Error(
        `the database's schema is older than this version: run migrate (${missing.join(", ")})`,
      );
    const unknown = seen.filter(({ name }) => !known.has(name));
    const blocking = unknown.find(({ kind }) => kind === "contracting");
    if (blocking) throw new Error(contracted(blocking.name));
    const newer = unknown.map(({ name }) => name).join(", ");
    if (newer !== told && newer !== "")
      log.info({ migrations: newer }, "the database's schema is newer and expanding; this version goes on");
    told = newer;
  };
}

function read(database: Database): Promise<readonly Seen[] | Error> {
  const rows =
    database.dialect === "postgres"
      ? database.query<Seen>({ text: READ }).then((result) => result.rows)
      : database.run((request) => request.query<Seen>(READ)).then((result) => result.recordset);
  return rows.catch((error: Error) => error);
}

function refusedFor(error: Error, codes: readonly (string | number)[]): boolean {
  const { code, number } = error as { code?: string; number?: number };
  return codes.includes(number ?? code ?? "");
}
