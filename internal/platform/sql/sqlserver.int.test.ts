import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { ask, type DatabaseServer, sqlServerUrl } from "../../testkit/servers/database.ts";
import { reachSqlServer } from "../../testkit/servers/sqlserver.ts";
import { createLogger } from "../logger/logger.ts";
import { parseDatabaseUrl } from "./database-url.ts";
import { openSqlServer, type SqlServer, type SqlServerAddress, type SqlServerRunner } from "./sqlserver.ts";

/* Runs on the server of SQLSERVER_URL, in a database of its own. */

const serverUrl = sqlServerUrl();
if (serverUrl) {
  describe("A pool of SQL Server connections", function () {
    this.timeout(60_000);
    let server: DatabaseServer;
    let database: SqlServer;

    before(async () => {
      server = await reachSqlServer(serverUrl);
      await ask(server.url, "CREATE TABLE kept (n INT)");
    });
    after(() => server?.stop());
    beforeEach(() => {
      const address = parseDatabaseUrl(server.url) as SqlServerAddress;
      const log = createLogger("test", "fatal");
      database = openSqlServer({ address, poolSize: 2, requestTimeoutMs: 2_000, log });
    });
    afterEach(() => database.close());

    const insert = (n: number) =>
      database.run((request) => request.query(`INSERT INTO kept (n) VALUES (${n})`));
    const outcome = (work: Promise<unknown>) =>
      work.then(
        () => "answered",
        (err: Error) => err.message,
      );

    it("rejects a wrong statement with the server's words, and goes on", async () => {
      expect(await outcome(database.run((request) => request.query("SELECT nonsense")))).to.match(/nonsense/);
      await database.ping();
    });

    it("gives up by itself on a silent server, each request once, and goes on when it is back", async () => {
      await Promise.all([database.ping(), database.ping()]);
      server.signal("SIGSTOP");
      try {
        const outcomes = await Promise.all(Array.from({ length: 4 }, () => outcome(database.ping())));
        expect(outcomes).not.to.include("answered");
      } finally {
        server.signal("SIGCONT");
      }
      await eventually("it answers again", async () => (await outcome(database.ping())) === "answered");
    });

    it("keeps its other sessions when one statement takes too long while they are answered", async () => {
      const spid = async () => {
        const { recordset } = await database.run((request) =>
          request.query<{ spid: number }>("SELECT @@SPID AS spid"),
        );
        return recordset[0]!.spid;
      };
      const lock = (tx: SqlServerRunner) =>
        tx.run((request) =>
          request.query(
            "EXEC sp_getapplock @Resource = N'slow', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 20000",
          ),
        );
      const other = openSqlServer({
        address: parseDatabaseUrl(server.url) as SqlServerAddress,
        poolSize: 1,
        requestTimeoutMs: 20_000,
        log: createLogger("test", "fatal"),
      });
      const release = Promise.withResolvers<void>();
      const locked = Promise.withResolvers<void>();
      const holding = other.transaction(async (tx) => {
        await lock(tx);
        locked.resolve();
        await release.promise;
      });
      try {
        await locked.promise;
        let over = false;
        const slow = outcome(database.transaction(lock)).finally(() => {
          over = true;
        });
        const before = await spid();
        while (!over) expect(await spid()).to.equal(before);
        expect(await slow).not.to.equal("answered");
        expect(await spid()).to.equal(before);
      } finally {
        release.resolve();
        await holding;
        await other.close();
      }
    });

    it("hands out no session that was lost: the first request after an outage is answered", async () => {
      await Promise.all([database.ping(), database.ping()]);
      await server.kill("SIGKILL");
      expect(await outcome(database.ping())).not.to.equal("answered");
      await server.start();
      expect(await Promise.all(Array.from({ length: 4 }, () => outcome(database.ping())))).to.deep.equal(
        Array(4).fill("answered"),
      );
    });

    it("outlives a server that is lost between two statements of a transaction, which is rolled back", async () => {
      const lost = database.transaction(async (tx) => {
        await tx.run((request) => request.query("INSERT INTO kept (n) VALUES (1)"));
        await server.kill("SIGKILL");
        await tx.run((request) => request.query("INSERT INTO kept (n) VALUES (2)"));
      });
      expect(await outcome(lost)).not.to.equal("answered");
      await server.start();
      await insert(3);
      expect(await ask(server.url, "SELECT n FROM kept")).to.deep.equal([{ n: 3 }]);
    });
  });
}
