import { eventually } from "../testkit/eventually.ts";
import { migrateDatabase } from "../testkit/processes/platform.ts";
import { ask, sqlServerUrl } from "../testkit/servers/database.ts";
import { describeOrderStore } from "./order-store.contract.ts";

/* Runs against the server of SQLSERVER_URL, in a database of its own that is dropped afterwards. */

const server = sqlServerUrl();
if (server) {
  const name = `cartwright_test_${process.pid}_orders`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  const master = new URL(server);
  master.pathname = "/master";

  describe("with a database of its own", function () {
    this.timeout(60_000);
    before(() => migrateDatabase({ url: url.href, appRole: null }));
    after(() =>
      eventually("the database can be dropped", () =>
        ask(master.href, `DROP DATABASE ${name}`).then(() => true),
      ),
    );
    describeOrderStore("SQL Server", async () => url.href);
  });
}
