import { execFileSync } from "node:child_process";
import mssql from "mssql";
import { parseDatabaseUrl } from "../../platform/sql/database-url.ts";
import { poolConfig, type SqlServerAddress } from "../../platform/sql/sqlserver.ts";
import { eventually } from "../../testkit/eventually.ts";
import { openOutbox } from "../../testkit/outbox.ts";
import { mainOf } from "../../testkit/processes/processes.ts";
import { sqlServerUrl } from "../../testkit/servers/database.ts";
import { describeOutboxStore } from "./store.contract.ts";

/* Runs against the server of SQLSERVER_URL, in a database of its own that is dropped afterwards. */

const serverUrl = sqlServerUrl();
if (serverUrl) {
  const name = `cartwright_test_${process.pid}_${Date.now().toString(36)}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const connect = (database: string) => {
    const address = parseDatabaseUrl(url.href) as SqlServerAddress;
    const config = poolConfig({ ...address, database }, { poolSize: 1, requestTimeoutMs: 30_000 });
    return new mssql.ConnectionPool(config).connect();
  };

  describe("with a database of its own", function () {
    this.timeout(60_000);
    before(() => {
      const env = { PATH: process.env.PATH, DATABASE_URL: url.href };
      execFileSync(process.execPath, [mainOf("migrate")], { encoding: "utf8", env });
    });
    after(async () => {
      const master = await connect("master");
      await eventually("the database can be dropped", async () => {
        await master.request().batch(`DROP DATABASE ${name}`);
        return true;
      });
      await master.close();
    });

    describeOutboxStore("SQL Server", {
      open: async () => openOutbox(url.href),
      begin: async () => {
        const pool = await connect(name);
        const transaction = pool.transaction();
        await transaction.begin();
        return {
          insert: async (event) => {
            await transaction
              .request()
              .input("event_id", mssql.UniqueIdentifier, event.id)
              .input("partition_no", mssql.Int, event.partition)
              .input("type", mssql.NVarChar(64), event.type)
              .input("subject", mssql.NVarChar(64), event.subject)
              .input("version", mssql.BigInt, event.sequence)
              .input("payload", mssql.NVarChar(mssql.MAX), event.data)
              .input("occurred_at", mssql.BigInt, event.occurredAt)
              .query(`INSERT INTO outbox_event (event_id, partition_no, type, subject, version, payload, occurred_at)
                  VALUES (@event_id, @partition_no, @type, @subject, @version, @payload, @occurred_at)`);
          },
          run: async (sql) => void (await transaction.request().query(sql)),
          end: async (how) => {
            await (how === "COMMIT" ? transaction.commit() : transaction.rollback());
            await pool.close();
          },
        };
      },
    });
  });
}
