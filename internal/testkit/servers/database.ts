import { createLogger } from "../../platform/logger/logger.ts";
import { type Database, openDatabase } from "../../platform/sql/database.ts";
import { parseDatabaseUrl } from "../../platform/sql/database-url.ts";

/** The dialects of the outbox. */
export type Dialect = Database["dialect"];

/** A database server on which tests run, whose faults they may bring about. */
export interface DatabaseServer {
  readonly dialect: Dialect;
  /** The database to use, as its owner: for migrations. */
  readonly url: string;
  /** The same as the role of the services. */
  readonly appUrl: string;
  /** Whom migrations give the use of the tables; null where the services log in as the owner. */
  readonly appRole: string | null;
  /** Null for a server that somebody else runs. */
  readonly pid: number | null;
  /** What makes it end in good order, its clients notwithstanding. */
  readonly endsBy: NodeJS.Signals;
  /** Until {@link start}, nobody reaches it; statements under way are lost. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** SIGSTOP: it neither answers nor refuses until SIGCONT. */
  signal(signal: NodeJS.Signals): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Returns the URL of another, empty database, as its owner; migrations may have to create it. */
  createDatabase(name: string): Promise<string>;
  /** Writes everything out, as in a server that has run for a while. */
  checkpoint(): Promise<void>;
}

/**
 * On which database tests and proofs run: PostgreSQL, started by them, or for `DATABASE=sqlserver` the server
 * of `SQLSERVER_URL`, which somebody runs.
 */
export function chosenDialect(env: NodeJS.ProcessEnv = process.env): Dialect {
  const asked = env.DATABASE || "postgres";
  if (asked === "postgres") return asked;
  if (asked !== "sqlserver")
    throw new Error(`DATABASE=${asked} is not known; there are postgres and sqlserver`);
  if (!env.SQLSERVER_URL)
    throw new Error("DATABASE=sqlserver needs SQLSERVER_URL=sqlserver://user:password@host:port/database");
  return asked;
}

/** The server of `SQLSERVER_URL`; without one null, and the run says in one line what is left out. */
export function sqlServerUrl(): URL | null {
  if (process.env.SQLSERVER_URL) return new URL(process.env.SQLSERVER_URL);
  if (!said) console.error("  (SQLSERVER_URL is not set: nothing ran on SQL Server)");
  said = true;
  return null;
}

let said = false;

/** One statement for both dialects, or one for each. */
export type Sql = string | Readonly<Record<Dialect, string>>;

/** A connection of a test's own, for what it does behind the product's back. */
export interface DatabaseConnection {
  readonly database: Database;
  rows<R extends Record<string, unknown>>(sql: Sql): Promise<readonly R[]>;
  close(): Promise<void>;
}

/** Connects when first used. */
export function connectTo(url: string): DatabaseConnection {
  const database = openDatabase(parseDatabaseUrl(url), { log: createLogger("test", "fatal"), poolSize: 1 });
  return {
    database,
    rows: async <R extends Record<string, unknown>>(sql: Sql) => {
      const text = typeof sql === "string" ? sql : sql[database.dialect];
      if (database.dialect === "postgres") return (await database.query<R>({ text })).rows;
      return (await database.run((request) => request.query<R>(text))).recordset ?? [];
    },
    close: () => database.close(),
  };
}

/** Runs one statement on a connection of its own. */
export async function ask<R extends Record<string, unknown>>(url: string, sql: Sql): Promise<readonly R[]> {
  const connection = connectTo(url);
  try {
    return await connection.rows<R>(sql);
  } finally {
    await connection.close();
  }
}
