/** Where the outbox's migrations for a dialect lie. */
export function outboxMigrations(dialect: "postgres" | "sqlserver"): URL {
  return new URL(`./sql/${dialect}/migrations/`, import.meta.url);
}

/** The tables that the services read and write. */
export const OUTBOX_TABLES = ["outbox_event", "outbox_partition", "outbox_relay"] as const;

/** On SQL Server, the table types of the statements' parameters. */
export const OUTBOX_TYPES = [
  "outbox_envelope_rows",
  "outbox_cursor_rows",
  "outbox_fate_rows",
  "outbox_lease_rows",
  "outbox_id_rows",
] as const;
