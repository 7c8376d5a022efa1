import { ORDERS_SCHEMA } from "../internal/orders/migrations.ts";
import { OUTBOX_SCHEMA } from "../internal/outbox/store/migrations.ts";
import { type Dialect, type FeatureSchema, mergeSchemas } from "../internal/platform/sql/schema.ts";

/** What all features together keep in the database: `migrate` makes it, the services wait for it. */
export const SCHEMAS: readonly FeatureSchema[] = [OUTBOX_SCHEMA, ORDERS_SCHEMA];

/** The migrations that a process of this version needs applied. */
export const migrationsOf = (dialect: Dialect) => mergeSchemas(SCHEMAS, dialect).migrations;
