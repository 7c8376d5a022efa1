import { type Right, readMigrations } from "../../platform/sql/migrator.ts";
import type { FeatureSchema } from "../../platform/sql/schema.ts";

/** Older than the rule that a migration says what kind it is. */
const UNMARKED = ["0001_outbox.sql", "0002_outbox-sets.sql"];

const EVERY_RIGHT: readonly Right[] = ["SELECT", "INSERT", "UPDATE", "DELETE"];

/** What the outbox keeps in the database. */
export const OUTBOX_SCHEMA: FeatureSchema = {
  migrations: (dialect) => readMigrations(new URL(`./sql/${dialect}/migrations/`, import.meta.url), UNMARKED),
  tables: { outbox_event: EVERY_RIGHT, outbox_partition: EVERY_RIGHT, outbox_relay: EVERY_RIGHT },
  types: [
    "outbox_envelope_rows",
    "outbox_cursor_rows",
    "outbox_mark_rows",
    "outbox_lease_rows",
    "outbox_id_rows",
  ],
};
