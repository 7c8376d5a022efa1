import type { Grantable, Migration } from "./migrator.ts";

export type Dialect = "postgres" | "sqlserver";

/** What a feature keeps in the database: its migrations, and what services use of them. */
export interface FeatureSchema extends Grantable {
  /** Named `<number>_<feature>...`, so that the names of features never meet. */
  migrations(dialect: Dialect): readonly Migration[];
}

/**
 * All features' migrations in one order, by name, and all that services use. Throws when two share a name.
 */
export function mergeSchemas(
  schemas: readonly FeatureSchema[],
  dialect: Dialect,
): Grantable & { readonly migrations: readonly Migration[] } {
  const migrations = schemas
    .flatMap((schema) => schema.migrations(dialect))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const [at, { name }] of migrations.entries())
    if (name === migrations[at + 1]?.name) throw new Error(`two features have a migration ${name}`);
  return {
    migrations,
    tables: Object.assign({}, ...schemas.map(({ tables }) => tables)),
    types: schemas.flatMap(({ types }) => types),
  };
}
