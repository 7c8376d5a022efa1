import { stillRuns } from "../servers/child.ts";
import type { State } from "./state.ts";

const USERS = ["cart", "outbox-relay"];

/** The URL of the database of what runs; undefined while nothing uses one. */
export function databaseInUse(state: State): string | undefined {
  const running = state.started.some((each) => USERS.includes(each.name) && stillRuns(each));
  return running ? state.databaseUrl : undefined;
}

/** The SQL Server to use, or null for a PostgreSQL of our own. What runs already keeps its database. */
export function chooseDatabase(state: State, given: string | undefined): string | null {
  if (given !== undefined && !given.startsWith("sqlserver://")) {
    throw new Error("DATABASE_URL must be sqlserver://... (or unset, for a PostgreSQL of our own)");
  }
  const inUse = databaseInUse(state);
  if (inUse === undefined) return given ?? null;
  return inUse.startsWith("sqlserver://") ? inUse : null;
}
