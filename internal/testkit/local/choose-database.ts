import { stillRuns } from "../servers/child.ts";
import type { State } from "./state.ts";

const USERS = ["cart", "outbox-relay"];

/**
 * The SQL Server to use, or null for a PostgreSQL of our own. What runs already keeps its database;
 * asking for another one meanwhile is refused, because half the platform would go on with the old.
 */
export function chooseDatabase(state: State, given: string | undefined): string | null {
  if (given !== undefined && !given.startsWith("sqlserver://")) {
    throw new Error("DATABASE_URL must be sqlserver://... (or unset, for a PostgreSQL of our own)");
  }
  const running = state.started.some((each) => USERS.includes(each.name) && stillRuns(each));
  const inUse = running ? state.databaseUrl : undefined;
  if (inUse === undefined) return given ?? null;
  if (given !== undefined && given !== inUse) {
    throw new Error("Cartwright runs on another database; make down first to change it.");
  }
  return inUse.startsWith("sqlserver://") ? inUse : null;
}
