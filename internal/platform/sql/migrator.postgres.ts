import pg from "pg";
import type { AppliedMigration, MigrationTarget } from "./migrator.ts";
import { createPatience, type Patience } from "./patience.ts";

/** One advisory lock for all migrations of a database: "cartwrig" read as a number. */
const LOCK = "7165065752896432487";

/**
 * What this session asks of the server. Whoever uses a table waits behind a migration that waits for it, so
 * it does not wait for long; and the locks of a migrate whose node was lost do not outlive it by much.
 */
const SETTINGS = `SET lock_timeout = '3s'; SET idle_in_transaction_session_timeout = '10s';
  SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3`;

/** As long as the lock_timeout: whoever waited behind us has half of the time. */
const PAUSE_MS = 3_000;

/** Connects for migrating; rejects when the database does not answer (yet). `patience` is with others. */
export async function connectPostgresTarget(
  url: string,
  patience: Patience = createPatience(60_000),
): Promise<MigrationTarget> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 3_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    application_name: "migrate",
  });
  // A connection lost while it is idle: the next statement fails by itself, and says so.
  client.on("error", () => {});
  await client.connect();
  await client.query({ text: SETTINGS, query_timeout: 3_000 } as pg.QueryConfig).catch((error: Error) => {
    void client.end();
    throw error;
  });

  /** Does `work`, which changes nothing when it fails, again while others use a table that it changes. */
  const whenFree = (work: () => Promise<unknown>) =>
    patience.until(() => work().then(() => true, isNotFree), {
      saying: "waiting for a table that others use",
      late: "a table to change was in use by others, and was not free",
      pauseMs: PAUSE_MS,
    });

  async function has(sql: string): Promise<boolean> {
    const { rows } = await client.query<{ has: boolean }>(`SELECT ${sql} AS has`);
    return rows[0]!.has;
  }

  return {
    lock: async () => {
      await patience.until(() => has(`pg_try_advisory_lock(${LOCK})`), {
        saying: "waiting for another migrate",
        late: "another migrate has the lock of this database, and was not done",
        pauseMs: 250,
      });
      await client.query(`CREATE TABLE IF NOT EXISTS schema_migration (
        name varchar(100) PRIMARY KEY, checksum char(64) NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
      // Looked at first: the ALTER locks readers out even where the column is there.
      const kind = `EXISTS (SELECT 1 FROM pg_attribute
        WHERE attrelid = 'schema_migration'::regclass AND attname = 'kind')`;
      if (await has(kind)) return;
      await whenFree(() =>
        client.query("ALTER TABLE schema_migration ADD COLUMN kind varchar(20) NOT NULL DEFAULT 'expanding'"),
      );
    },
    applied: async () => {
      const { rows } = await client.query<AppliedMigration>(
        "SELECT name, kind, checksum FROM schema_migration ORDER BY name",
      );
      return rows;
    },
    apply: (migration) =>
      whenFree(async () => {
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
          // The connection may be lost; the first error tells.
          await client.query("ROLLBACK").catch(() => {});
          throw error;
        }
      }),
    grant: async (role, { tables }) => {
      const to = client.escapeIdentifier(role);
      const grants = [...Object.entries(tables), ["schema_migration", ["SELECT"]] as const];
      for (const [table, rights] of grants) {
        const sql = `GRANT ${rights.join(", ")} ON ${client.escapeIdentifier(table)} TO ${to}`;
        await whenFree(() => client.query(sql));
      }
    },
    close: () => client.end(),
  };
}

/** For `lock_not_available`; rejects with any other error. */
function isNotFree(error: unknown): boolean {
  if ((error as { code?: string }).code !== "55P03") throw error;
  return false;
}
