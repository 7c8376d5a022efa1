import { connectSqlServerTarget } from "../../platform/sql/migrator.sqlserver.ts";
import { isUnavailableSqlServer, type SqlServerAddress } from "../../platform/sql/sqlserver.ts";
import type { Unusable } from "./usable.ts";

/** Connects as migrate does, which makes a database that is missing, and leaves again. */
export async function tryDatabase(address: SqlServerAddress): Promise<Unusable | null> {
  try {
    await (await connectSqlServerTarget(address)).close();
    return null;
  } catch (error) {
    const reason = reasonOf(error as Error);
    // The driver gives these the code of a lost connection.
    const staysSo = /certificate|ENOTFOUND/i.test(reason);
    return { reason, lasting: staysSo || !isUnavailableSqlServer(error) };
  }
}

/** Of several addresses the driver says only that it could not connect; why stands in a cause. */
function reasonOf(error: Error): string {
  const { originalError } = error as { originalError?: Error };
  for (let each: unknown = originalError; each instanceof Error; each = each.cause)
    if (each instanceof AggregateError) return each.errors.map((one: Error) => one.message).join("; ");
  return error.message;
}
