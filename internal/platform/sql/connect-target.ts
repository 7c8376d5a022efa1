import { setTimeout as delay } from "node:timers/promises";
import type { DatabaseAddress } from "./database-url.ts";
import { connectPostgresTarget } from "./migrator.postgres.ts";
import { connectSqlServerTarget } from "./migrator.sqlserver.ts";
import type { MigrationTarget } from "./migrator.ts";

/**
 * Connects to migrate, waiting up to `timeoutMs` for a database that is still starting; says so at once and then every 5 s.
 * Rejects with the last reason when time is up.
 */
export async function connectTarget(
  address: DatabaseAddress,
  timeoutMs: number,
  say: (line: string) => void,
): Promise<MigrationTarget> {
  const startedAt = performance.now();
  let saidAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    try {
      if (address.dialect === "postgres") return await connectPostgresTarget(address.url);
      const target = await connectSqlServerTarget(address);
      if (target.created) say(`created the database ${address.database}`);
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
