import mssql from "mssql";
import type { AppliedMigration, MigrationTarget } from "./migrator.ts";
import { connectPool, poolConfig, type SqlServerAddress } from "./sqlserver.ts";

const TABLE = `IF NOT EXISTS (SELECT 1 FROM sys.tables WHERE name = 'schema_migration')
  CREATE TABLE schema_migration (name NVARCHAR(100) NOT NULL PRIMARY KEY, checksum CHAR(64) NOT NULL,
    applied_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME())`;

/** A batch of its own: within one, SQL Server would resolve the column before it is there. */
const KIND = `IF COL_LENGTH('schema_migration', 'kind') IS NULL
  ALTER TABLE schema_migration ADD kind NVARCHAR(20) NOT NULL DEFAULT N'expanding'`;

/**
 * Connects for migrating; rejects when the server does not answer (yet). A database that is
 * missing is created: `created` says so; `rowVersions` whether READ_COMMITTED_SNAPSHOT is
 * on. The single connection holds an application lock (sp_getapplock, session-owned).
 */
export async function connectSqlServerTarget(
  address: SqlServerAddress,
): Promise<MigrationTarget & { readonly created: boolean; readonly rowVersions: boolean }> {
  const { pool, created } = await openDatabase(address);
  // A connection lost while it is idle: the next statement fails by itself, and says so.
  pool.on("error", () => {});
  const { recordset } = await pool
    .request()
    .query<{ on: boolean }>(
      "SELECT is_read_committed_snapshot_on AS [on] FROM sys.databases WHERE name = DB_NAME()",
    );
  return {
    created,
    rowVersions: recordset[0]?.on ?? false,
    lock: async () => {
      const { recordset } = await pool.request().query<{ outcome: number }>(
        `DECLARE @outcome INT;
         EXEC @outcome = sp_getapplock @Resource = 'cartwright-migrate', @LockMode = 'Exclusive',
           @LockOwner = 'Session', @LockTimeout = 100000;
         SELECT @outcome AS outcome`,
      );
      const outcome = recordset[0]?.outcome ?? -999;
      if (outcome < 0)
        throw new Error(`the migration lock was not granted (sp_getapplock answered ${outcome})`);
      await pool.request().query(TABLE);
      await pool.request().query(KIND);
    },
    applied: async () => {
      const { recordset } = await pool
        .request()
        .query<AppliedMigration>("SELECT name, kind, checksum FROM schema_migration ORDER BY name");
      return recordset;
    },
    apply: async (migration) => {
      const transaction = pool.transaction();
      await transaction.begin();
      try {
        for (const batch of migration.sql.split(/^\s*GO\s*$/im)) {
          if (batch.trim() !== "") await transaction.request().batch(batch);
        }
        await transaction
          .request()
          .input("name", mssql.NVarChar(100), migration.name)
          .input("checksum", mssql.Char(64), migration.checksum)
          .input("kind", mssql.NVarChar(20), migration.kind)
          .query("INSERT INTO schema_migration (name, checksum, kind) VALUES (@name, @checksum, @kind)");
        await transaction.commit();
      } catch (error) {
        // The server may have rolled back already; the first error tells.
        await transaction.rollback().catch(() => {});
        throw error;
      }
    },
    grant: async (role, { tables, types }) => {
      const grants = [
        ...Object.entries(tables).map(([table, rights]) => `${rights.join(", ")} ON ${quoted(table)}`),
        "SELECT ON schema_migration",
        ...types.map((type) => `EXECUTE, REFERENCES ON TYPE::${quoted(type)}`),
      ];
      for (const each of grants) {
        await pool
          .request()
          .batch(`GRANT ${each} TO ${quoted(role)}`)
          .catch((cause: Error) => {
            throw new Error(`GRANT ${each} TO ${quoted(role)} failed: ${cause.message}`, { cause });
          });
      }
    },
    close: () => pool.close(),
  };
}

const connect = (address: SqlServerAddress) =>
  connectPool(new mssql.ConnectionPool(poolConfig(address, { poolSize: 1, requestTimeoutMs: 120_000 })));

/** Asks `master` only when the database itself will not have us: some users may not connect to `master`. */
async function openDatabase(address: SqlServerAddress) {
  try {
    return { pool: await connect(address), created: false };
  } catch (error) {
    if ((error as { code?: string }).code !== "ELOGIN" || !(await createMissing(address))) throw error;
    return { pool: await connect(address), created: true };
  }
}

/** Creates the database if it does not exist; false when it does. */
async function createMissing(address: SqlServerAddress): Promise<boolean> {
  const master = await connect({ ...address, database: "master" });
  try {
    const found = await master
      .request()
      .input("name", mssql.NVarChar(128), address.database)
      .query("SELECT 1 AS found FROM sys.databases WHERE name = @name");
    if (found.recordset.length > 0) return false;
    await master.request().batch(`CREATE DATABASE ${quoted(address.database)}`);
    return true;
  } finally {
    await master.close();
  }
}

function quoted(name: string): string {
  return `[${name.replaceAll("]", "]]")}]`;
}
