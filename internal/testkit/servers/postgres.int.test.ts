import { statSync } from "node:fs";
import { expect } from "chai";
import pg from "pg";
import type { PostgresServer } from "./postgres.ts";
import { ownPostgres } from "./test-servers.ts";

describe("A PostgreSQL of ours", function () {
  this.timeout(60_000);
  let server: PostgresServer;
  before(async () => {
    server = await ownPostgres();
  });
  after(() => server?.stop());

  async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  }

  it("keeps what was committed over kill -9 and a restart on the same port", async () => {
    await query(server.url, "CREATE TABLE kept (n int)");
    await query(server.url, "INSERT INTO kept VALUES (7)");
    await server.kill("SIGKILL");
    await server.start();
    expect(await query(server.url, "SELECT n FROM kept")).to.deep.equal([{ n: 7 }]);
  });

  it("freezes with its backends, and goes on", async () => {
    server.signal("SIGSTOP");
    const answer = query(server.url, "SELECT 1 AS one");
    server.signal("SIGCONT");
    expect(await answer).to.deep.equal([{ one: 1 }]);
  });

  it("never runs as root", () => {
    expect(statSync(`/proc/${server.pid}`).uid).not.to.equal(0);
  });

  it("has an owner that is no superuser, and a role for the services without rights of its own", async () => {
    const roles = await query(
      server.url,
      "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname LIKE 'cartwright%' ORDER BY 1",
    );
    const nothing = { rolsuper: false, rolcreaterole: false, rolcreatedb: false };
    expect(roles).to.deep.equal([
      { rolname: "cartwright_app", ...nothing },
      { rolname: "cartwright_owner", ...nothing },
    ]);
    for (const text of ["SELECT * FROM kept", "CREATE TABLE mine (n int)"]) {
      const refused = await query(server.appUrl, text).then(
        () => null,
        (error: Error) => error.message,
      );
      expect(refused, text).to.match(/permission denied/);
    }
  });

  it("asks for a password", async () => {
    const url = new URL(server.url);
    url.password = "wrong";
    const refused = await query(url.href, "SELECT 1").then(
      () => null,
      (error: Error) => error.message,
    );
    expect(refused).to.match(/password authentication failed/);
  });
});
