import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { eventually } from "../../internal/testkit/eventually.ts";
import { ask, sqlServerUrl } from "../../internal/testkit/servers/database.ts";
import { freePort } from "../../internal/testkit/servers/free-port.ts";
import { ownPostgres, testPostgres } from "../../internal/testkit/servers/test-servers.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const name = `cartwright_test_${process.pid}_migrate`;

interface Run {
  readonly code: number;
  readonly said: string;
}

function migrate(url: string, env: NodeJS.ProcessEnv = {}, hear = (_line: string) => {}): Promise<Run> {
  return new Promise((resolve) => {
    const settings = { PATH: process.env.PATH, DATABASE_URL: url, ...env };
    const child = execFile(process.execPath, [MAIN], { env: settings }, (error, out, err) =>
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, said: out + err }),
    );
    child.stdout?.on("data", hear);
  });
}

/** What migrate must do on any database; `fresh` gives the URL of an empty or missing one. */
function describeMigrate(database: string, fresh: () => Promise<string>, drop = async () => {}): void {
  describe(`migrate on ${database}`, function () {
    this.timeout(60_000);
    let url: string;
    before(async () => {
      url = await fresh();
    });
    after(() => drop());

    it("applies everything once, though two run at once, and is content with a repetition", async () => {
      const both = await Promise.all([migrate(url), migrate(url)]);
      expect(
        both.map(({ code }) => code),
        JSON.stringify(both),
      ).to.deep.equal([0, 0]);
      const said = both.map((run) => run.said).join("");
      expect(said.match(/applied 0001_outbox\.sql/g)).to.have.length(1);
      expect(said.match(/up to date/g)).to.have.length(1);
      expect((await migrate(url)).said).to.equal("migrate: the database is up to date\n");
      expect(await ask(url, "SELECT seq FROM outbox_event")).to.deep.equal([]);
    });

    it("refuses to go on when a migration was edited after it was applied", async () => {
      const where = "WHERE name = '0001_outbox.sql'";
      const [row] = await ask(url, `SELECT checksum FROM schema_migration ${where}`);
      await ask(url, `UPDATE schema_migration SET checksum = '${"0".repeat(64)}' ${where}`);
      const { code, said } = await migrate(url);
      expect([code, said]).to.deep.equal([
        1,
        "migrate: migration 0001_outbox.sql was edited after it was applied; undo the edit and add a new migration\n",
      ]);
      await ask(url, `UPDATE schema_migration SET checksum = '${row!.checksum}' ${where}`);
      expect((await migrate(url)).code).to.equal(0);
    });

    it("goes on beside what a newer version has added, and refuses beside what it has taken away", async () => {
      const newer = (name: string, kind: string) =>
        ask(
          url,
          `INSERT INTO schema_migration (name, checksum, kind) VALUES ('${name}', '${"0".repeat(64)}', '${kind}')`,
        );
      await newer("9001_more.sql", "expanding");
      const beside = await migrate(url);
      expect(beside.code, beside.said).to.equal(0);
      expect(beside.said).to.match(
        /a newer version has applied 9001_more\.sql; this version can go on beside it/,
      );
      await newer("9002_less.sql", "contracting");
      const { code, said } = await migrate(url);
      expect(code).to.equal(1);
      expect(said).to.match(
        /^migrate: the database has the contracting migration 9002_less\.sql of a newer version/,
      );
      await ask(url, "DELETE FROM schema_migration WHERE name LIKE '900%'");
    });
  });
}

describeMigrate("PostgreSQL", async () => (await testPostgres()).createDatabase(name));

describe("migrate", function () {
  this.timeout(60_000);

  it("waits for a database that is still starting", async () => {
    const server = await ownPostgres();
    await server.kill("SIGKILL");
    let heard = "";
    const waiting = migrate(server.url, {}, (line) => {
      heard += line;
    });
    await eventually("migrate says that it waits", () => heard.includes("waiting for the database"));
    await server.start();
    const { code, said } = await waiting;
    expect(code, said).to.equal(0);
    expect(said).to.match(/waiting for the database \(.+\)\n(.*\n)*migrate: applied 0001/);
    await server.stop();
  });

  it("gives up in time, with the reason and without the password", async () => {
    const { url } = await testPostgres();
    const missing = new URL(url);
    missing.pathname = "/not_there";
    const { code, said } = await migrate(missing.href, { MIGRATE_TIMEOUT_MS: "300" });
    expect(code).to.equal(1);
    expect(said).to.match(
      /\nmigrate: the database could not be reached within 300 ms: .*"not_there" does not exist\n$/,
    );

    const nobody = await migrate(`sqlserver://sa:hunter2@127.0.0.1:${await freePort()}/d`, {
      MIGRATE_TIMEOUT_MS: "300",
    });
    expect(nobody.code).to.equal(1);
    expect(nobody.said)
      .to.match(/migrate: .*could not be reached/)
      .and.not.include("hunter2");
  });

  it("names the fault of a URL, and does not repeat it", async () => {
    const { code, said } = await migrate("sqlserver://sa:hunter2@h/");
    expect(code).to.equal(1);
    expect(said)
      .to.match(/DATABASE_URL: .*must look like/)
      .and.not.include("hunter2");
  });

  it("gives the services' role the use of the tables, and nothing else", async () => {
    const server = await ownPostgres();
    const run = await migrate(server.url, { DATABASE_APP_ROLE: server.appRole });
    expect(run.said).to.match(/granted cartwright_app the use of outbox_event/);
    const may = (sql: string) =>
      ask(server.appUrl, sql).then(
        () => "may",
        (error: Error) => error.message,
      );
    expect(await may("INSERT INTO outbox_relay (relay, alive_until) VALUES ('r', now())")).to.equal("may");
    expect(await may("DELETE FROM outbox_relay")).to.equal("may");
    expect(await may("UPDATE orders SET status = 'paid'")).to.equal("may");
    for (const sql of [
      "DELETE FROM orders",
      "UPDATE order_line SET quantity = 1",
      "DELETE FROM order_line",
      "UPDATE order_request SET request_hash = ''",
      "DELETE FROM schema_migration",
      "TRUNCATE outbox_event",
      "DROP TABLE outbox_event",
      "CREATE TABLE mine (a int)",
    ])
      expect(await may(sql), sql).to.match(/permission denied|must be owner/);
    await server.stop();
  });
});

const url = sqlServerUrl();
if (url) {
  url.pathname = `/${name}`;
  const master = new URL(url);
  master.pathname = "/master";
  const drop = async () => {
    await eventually("the database can be dropped", () =>
      ask(master.href, `DROP DATABASE ${name}`).then(() => true),
    );
  };
  describe("migrate on SQL Server", function () {
    this.timeout(60_000);
    after(drop);

    it("recommends row versions where readers wait for writers, and only there", async () => {
      const { said } = await migrate(url.href);
      const on = await ask(
        url.href,
        "SELECT is_read_committed_snapshot_on AS [on] FROM sys.databases WHERE name = DB_NAME()",
      );
      expect(/recommended is ALTER DATABASE .* READ_COMMITTED_SNAPSHOT ON/.test(said), said).to.equal(
        !on[0]?.on,
      );
    });
  });
  describeMigrate("SQL Server, where the database is missing", async () => url.href, drop);
}
