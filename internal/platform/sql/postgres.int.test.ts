import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import type { PostgresServer } from "../../testkit/servers/postgres.ts";
import { ownPostgres } from "../../testkit/servers/test-servers.ts";
import { createLogger } from "../logger/logger.ts";
import { openPostgres, type Postgres } from "./postgres.ts";

describe("A pool of PostgreSQL connections", function () {
  this.timeout(60_000);
  let server: PostgresServer;
  let database: Postgres;

  before(async () => {
    server = await ownPostgres();
  });
  beforeEach(() => {
    const log = createLogger("test", "fatal");
    database = openPostgres({ url: server.appUrl, poolSize: 2, statementTimeoutMs: 300, log });
  });
  afterEach(() => database.close());

  const one = async () => (await database.query<{ n: number }>({ text: "SELECT 1 AS n" })).rows[0]?.n;
  const outcome = (query: Promise<unknown>) =>
    query.then(
      () => "answered",
      (err: Error) => err.message,
    );

  it("answers many queries over few connections", async () => {
    expect(await Promise.all(Array.from({ length: 50 }, one))).to.deep.equal(Array(50).fill(1));
  });

  it("rejects a wrong statement with the server's words, and goes on", async () => {
    expect(await outcome(database.query({ text: "SELECT nonsense" }))).to.match(/nonsense/);
    expect(await one()).to.equal(1);
  });

  it("has the server cut off a statement that takes too long", async () => {
    expect(await outcome(database.query({ text: "SELECT pg_sleep(20)" }))).to.match(/statement timeout/);
    expect(await one()).to.equal(1);
  });

  it("gives up by itself on a server that is frozen, whoever waits for it, and goes on when it thaws", async () => {
    expect(await Promise.all([one(), one()])).to.deep.equal([1, 1]);
    server.signal("SIGSTOP");
    try {
      const outcomes = await Promise.all(Array.from({ length: 6 }, () => outcome(one())));
      expect(outcomes.filter((each) => each === "the database did not answer within 300 ms")).to.have.length(
        2,
      );
      expect(outcomes).not.to.include("answered");
    } finally {
      server.signal("SIGCONT");
    }
    await eventually("it answers again", async () => (await outcome(one())) === "answered");
  });

  it("survives a server that is killed under its queries", async () => {
    await one();
    const under = [outcome(database.query({ text: "SELECT pg_sleep(0.2)" })), outcome(one())];
    await server.kill("SIGKILL");
    await Promise.all(under);
    expect(await outcome(one())).not.to.equal("answered");
    await server.start();
    await eventually("it answers again", async () => (await outcome(one())) === "answered");
  });
});
