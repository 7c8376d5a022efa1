import { z } from "zod";
import { readAuthority } from "../config/authority.ts";

/** Where a database is. Passwords in it must not be logged. */
export type DatabaseAddress =
  | { readonly dialect: "postgres"; readonly url: string }
  | {
      readonly dialect: "sqlserver";
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
      readonly database: string;
      readonly encrypt: boolean;
      readonly trustServerCertificate: boolean;
      /** Tries all addresses of an availability group's listener at once. */
      readonly multiSubnetFailover: boolean;
      /** The certificate authority to trust, PEM; null for those of Node. */
      readonly ca: string | null;
      /** ms after which a request is cut off; null for what is usual. */
      readonly requestTimeoutMs: number | null;
    };

const SQLSERVER_FORM =
  "sqlserver://user:password@host:port/database?encrypt=true&trustServerCertificate=true";

const OPTIONS = ["encrypt", "trustServerCertificate", "multiSubnetFailover", "ca", "requestTimeout"];

/** A `DATABASE_URL`, taken apart; a fault says what to write instead and never repeats the value. */
export const databaseUrl = () =>
  z
    .string()
    .transform((value, context): DatabaseAddress => {
      try {
        return parseDatabaseUrl(value);
      } catch (error) {
        context.addIssue({ code: "custom", message: (error as Error).message });
        return z.NEVER;
      }
    })
    .describe(
      "where the database is: `postgres://user:password@host:port/database`, or `sqlserver://`; see below",
    );

/**
 * Reads a `DATABASE_URL`, and the file that its option `ca` (for PostgreSQL `sslrootcert`) names. Throws with
 * what to fix; the message never repeats the value. Encryption is on unless `encrypt=false`.
 */
export function parseDatabaseUrl(value: string): DatabaseAddress {
  if (!URL.canParse(value))
    throw new Error(`must be a URL such as postgres://user:password@host:5432/database or ${SQLSERVER_FORM}`);
  const url = new URL(value);
  switch (url.protocol) {
    case "postgres:":
    case "postgresql:":
      if (url.pathname.length < 2)
        throw new Error("names no database: postgres://user:password@host:5432/database");
      // The driver reads it when it connects; a fault is to show at the start.
      fileOf(url, "sslrootcert");
      return { dialect: "postgres", url: value };
    case "sqlserver:": {
      for (const name of url.searchParams.keys())
        if (!OPTIONS.includes(name))
          throw new Error(`has an option that is not known; there are ${OPTIONS.join(", ")}`);
      const [database, user, password] = [url.pathname.slice(1), url.username, url.password].map(decoded);
      if (!database || !/^[A-Za-z0-9_-]{1,100}$/.test(database) || url.hostname === "" || !user) {
        throw new Error(`must look like ${SQLSERVER_FORM}`);
      }
      return {
        dialect: "sqlserver",
        host: url.hostname,
        port: Number(url.port || 1433),
        user,
        password: password ?? "",
        database,
        encrypt: booleanOf(url, "encrypt", true),
        trustServerCertificate: booleanOf(url, "trustServerCertificate", false),
        multiSubnetFailover: booleanOf(url, "multiSubnetFailover", false),
        ca: fileOf(url, "ca"),
        requestTimeoutMs: millisecondsOf(url, "requestTimeout"),
      };
    }
    default:
      throw new Error("must start with postgres:// or sqlserver://");
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new Error("holds a % that starts no percent-encoding; write it as %25", { cause });
  }
}

function booleanOf(url: URL, name: string, fallback: boolean): boolean {
  const value = url.searchParams.get(name);
  if (value === null) return fallback;
  if (value !== "true" && value !== "false") throw new Error(`has ${name} neither true nor false`);
  return value === "true";
}

function millisecondsOf(url: URL, name: string): number | null {
  const value = url.searchParams.get(name);
  if (value === null) return null;
  if (!/^\d{4,6}$/.test(value) || Number(value) < 1_000 || Number(value) > 600_000)
    throw new Error(`has ${name} not within 1000 and 600000 (ms)`);
  return Number(value);
}

function fileOf(url: URL, name: string): string | null {
  const path = url.searchParams.get(name);
  if (path === null) return null;
  try {
    return readAuthority(path);
  } catch (cause) {
    throw new Error(`has the option ${name}, a file that ${(cause as Error).message}`, { cause });
  }
}
