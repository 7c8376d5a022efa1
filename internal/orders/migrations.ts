import { readMigrations } from "../platform/sql/migrator.ts";
import type { FeatureSchema } from "../platform/sql/schema.ts";

/** What orders keep in the database. Lines are never changed, and no order is ever deleted. */
export const ORDERS_SCHEMA: FeatureSchema = {
  migrations: (dialect) => readMigrations(new URL(`./sql/${dialect}/migrations/`, import.meta.url)),
  tables: {
    orders: ["SELECT", "INSERT", "UPDATE"],
    order_line: ["SELECT", "INSERT"],
    order_request: ["SELECT", "INSERT", "DELETE"],
  },
  types: ["order_line_rows"],
};
