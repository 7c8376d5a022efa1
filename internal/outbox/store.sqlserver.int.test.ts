import { execFileSync } from "node:child_process";
import mssql from "mssql";
import { mainOf } from "../../scripts/stack/processes.ts";
import { createLogger } from "../platform/logger/logger.ts";
import { parseDatabaseUrl } from "../platform/sql/database-url.ts";
import { poolConfig } from "../platform/sql/sqlserver.ts";
import { openOutboxStore } from "./open-store.ts";
import { describeOutboxStore } from "./store.contract.ts";

/* Runs against the server of SQLSERVER_URL, in a database of its own that is dropped afterwards. */

const serverUrl = process.env.SQLSERVER_URL;
if (serverUrl === undefined) {
  console.log("  (SQLSERVER_URL is not set: the SQL Server half of the outbox contract did not run)");
} else {
  const database = `cartwright_test_${process.pid}`;
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;

  before(() => {
    const env = { PATH: process.env.PATH, DATABASE_URL: url.href };
    execFileSync(process.execPath, [mainOf("migrate")], { encoding: "utf8", env });
  });
  after(async () => {
    const address = parseDatabaseUrl(url.href);
    if (address.dialect !== "sqlserver") throw new Error("SQLSERVER_URL must start with sqlserver://");
    const config = poolConfig({ ...address, database: "master" }, { poolSize: 1, requestTimeoutMs: 30_000 });
    const master = await new mssql.ConnectionPool(config).connect();
    await master.request().batch(`DROP DATABASE ${database}`);
    await master.close();
  });
  describeOutboxStore("SQL Server", async () =>
    openOutboxStore(url.href, { log: createLogger("test", "fatal") }),
  );
}
