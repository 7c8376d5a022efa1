import type { Logger } from "../../platform/logger/logger.ts";
import { parseDatabaseUrl } from "../../platform/sql/database-url.ts";
import { createPostgresOutboxStore } from "./store.postgres.ts";
import { createSqlServerOutboxStore } from "./store.sqlserver.ts";
import type { OutboxStore } from "./store.ts";

/** Opens the outbox in whichever database `databaseUrl` names. Connects when first used; an unreachable database is not fatal here. */
export function openOutboxStore(
  databaseUrl: string,
  options: { log: Logger; poolSize?: number },
): OutboxStore {
  const address = parseDatabaseUrl(databaseUrl);
  const { log, poolSize = 8 } = options;
  return address.dialect === "postgres"
    ? createPostgresOutboxStore({ url: address.url, poolSize, log })
    : createSqlServerOutboxStore({ address, poolSize, log });
}
