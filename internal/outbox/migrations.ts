/** Where the outbox's migrations for a dialect lie. */
export function outboxMigrations(dialect: "postgres" | "sqlserver"): URL {
  return new URL(`./sql/${dialect}/migrations/`, import.meta.url);
}

/** The tables that the services read and write. */
export const OUTBOX_TABLES = ["outbox_event", "outbox_partition", "outbox_relay"] as const;
