import pg from "pg";
import type { AppliedMigration, MigrationTarget } from "./migrator.ts";

/** One advisory lock for all migrations of a database: "cartwrig" read as a number. */
const LOCK = "7165065752896432487";

/** Connects for migrating; rejects when the database does not answer (yet). */
export async function connectPostgresTarget(url: string): Promise<MigrationTarget> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 3_000,
    application_name: "migrate",
  });
  // A connection lost while it is idle: the next statement fails by itself, and says so.
  client.on("error", () => {});
  await client.connect();
  return {
    lock: async () => {
      await client.query(`SELECT pg_advisory_lock(${LOCK})`);
      await client.query(`CREATE TABLE IF NOT EXISTS schema_migration (
        name varchar(100) PRIMARY KEY, checksum char(64) NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
      await client.query(
        "ALTER TABLE schema_migration ADD COLUMN IF NOT EXISTS kind varchar(20) NOT NULL DEFAULT 'expanding'",
      );
    },
    applied: async () => {
      const { rows } = await client.query<AppliedMigration>(
        "SELECT name, kind, checksum FROM schema_migration ORDER BY name",
      );
      return rows;
    },
    apply: async (migration) => {
      await client.query("BEGIN");
      try {
        await client.query(migration.sql);
        await client.query("INSERT INTO schema_migration (name, checksum, kind) VALUES ($1, $2, $3)", [
          migration.name,
          migration.checksum,
          migration.kind,
        ]);
        await client.query("COMMIT");
      } catch (error) {
        await client.query("ROLLBACK");
        throw error;
      }
    },
    grant: async (role, { tables }) => {
      const to = client.escapeIdentifier(role);
      for (const [table, rights] of Object.entries(tables))
        await client.query(`GRANT ${rights.join(", ")} ON ${client.escapeIdentifier(table)} TO ${to}`);
      await client.query(`GRANT SELECT ON schema_migration TO ${to}`);
    },
    close: () => client.end(),
  };
}
