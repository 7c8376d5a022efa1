import mssql from "mssql";
import type { DatabaseAddress } from "./database-url.ts";
import type { MigrationTarget } from "./migrator.ts";
import { poolConfig } from "./sqlserver.ts";

type SqlServerAddress = Extract<DatabaseAddress, { dialect: "sqlserver" }>;

const TABLE = `IF NOT EXISTS (SELECT 1 FROM sys.tables WHERE name = 'schema_migration')
  CREATE TABLE schema_migration (name NVARCHAR(100) NOT NULL PRIMARY KEY, checksum CHAR(64) NOT NULL,
    applied_at DATETIME2(6) NOT NULL DEFAULT SYSUTCDATETIME())`;

/**
 * Connects for migrating; rejects when the server does not answer (yet). A database that is missing is created:
 * `created` says so. The single connection holds an application lock (sp_getapplock, session-owned).
 */
export async function connectSqlServerTarget(
  address: SqlServerAddress,
): Promise<MigrationTarget & { readonly created: boolean }> {
  const created = await ensureDatabase(address);
  const pool = await new mssql.ConnectionPool(
    poolConfig(address, { poolSize: 1, requestTimeoutMs: 120_000 }),
  ).connect();
  pool.on("error", () => {});
  return {
    created,
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
    },
    applied: async () => {
      const { recordset } = await pool
        .request()
        .query<{ name: string; checksum: string }>("SELECT name, checksum FROM schema_migration");
      return new Map(recordset.map((row) => [row.name, row.checksum]));
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
          .query("INSERT INTO schema_migration (name, checksum) VALUES (@name, @checksum)");
        await transaction.commit();
      } catch (error) {
        await transaction.rollback().catch(() => {}); // the server may have rolled back already; the first error tells
        throw error;
      }
    },
    grant: async (role, tables) => {
      for (const table of tables) {
        await pool
          .request()
          .batch(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${quoted(table)} TO ${quoted(role)}`);
      }
    },
    close: () => pool.close(),
  };
}

async function ensureDatabase(address: SqlServerAddress): Promise<boolean> {
  const config = poolConfig({ ...address, database: "master" }, { poolSize: 1, requestTimeoutMs: 120_000 });
  const master = await new mssql.ConnectionPool(config).connect();
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
