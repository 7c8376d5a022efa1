import { setTimeout as delay } from "node:timers/promises";
import type { DatabaseAddress } from "./database-url.ts";
import { connectPostgresTarget } from "./migrator.postgres.ts";
import { connectSqlServerTarget } from "./migrator.sqlserver.ts";
import type { MigrationTarget } from "./migrator.ts";
import { createPatience, type Patience } from "./patience.ts";
import { isUnavailableSqlServer } from "./sqlserver.ts";

/**
 * Connects and does `work`, which must bear being done again: a SQL Server that goes away meanwhile, or
 * that Azure is moving, is waited for, and on PostgreSQL another migrate and tables in use, all within
 * `timeoutMs`. Closes the connection in the end.
 */
export async function withTarget(
  address: DatabaseAddress,
  timeoutMs: number,
  say: (line: string) => void,
  work: (target: MigrationTarget) => Promise<void>,
): Promise<void> {
  const startedAt = performance.now();
  const patience = createPatience(timeoutMs, say);
  for (;;) {
    const target = await connectTarget(address, timeoutMs, say, patience);
    try {
      return await work(target);
    } catch (error) {
      if (!isUnavailableSqlServer(error) || performance.now() - startedAt > timeoutMs) throw error;
      say(`the database went away (${(error as Error).message}); going on when it is back`);
    } finally {
      // A connection that was lost cannot be closed well; the error of the work is the one to tell.
      await target.close().catch(() => {});
    }
    await delay(1_000);
  }
}

/**
 * Connects to migrate, waiting up to `timeoutMs` for a database that is still starting;
 * says so at once and then every 5 s. Rejects with the last reason when time is up.
 */
async function connectTarget(
  address: DatabaseAddress,
  timeoutMs: number,
  say: (line: string) => void,
  patience: Patience,
): Promise<MigrationTarget> {
  const startedAt = performance.now();
  let saidAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    try {
      if (address.dialect === "postgres") return await connectPostgresTarget(address.url, patience);
      const target = await connectSqlServerTarget(address);
      if (target.created) say(`created the database ${address.database}`);
      if (!target.rowVersions)
        say(
          `warning: readers wait for writers here; recommended is ALTER DATABASE [${address.database}] SET READ_COMMITTED_SNAPSHOT ON`,
        );
      return target;
    } catch (cause) {
      const now = performance.now();
      const reason = (cause as Error).message;
      if (now - startedAt > timeoutMs) {
        throw new Error(`the database could not be reached within ${timeoutMs} ms: ${reason}`, { cause });
      }
      if (now - saidAt > 5_000) {
        saidAt = now;
        say(`waiting for the database (${reason})`);
      }
    }
    await delay(250);
  }
}
