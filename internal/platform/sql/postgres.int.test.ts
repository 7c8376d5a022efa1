import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
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

  it("loses the locks of a transaction that stands still, so that nobody waits for them for long", async () => {
    const locked = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const lock = { text: "SELECT pg_advisory_xact_lock(7)" };
    const frozen = outcome(
      database.transaction(async (tx) => {
        await tx.query(lock);
        locked.resolve();
        await goOn.promise;
        await tx.query({ text: "SELECT 1" });
      }),
    );
    await locked.promise;
    expect(await outcome(database.query(lock))).to.match(/statement timeout/);
    await eventually("the lock is free", async () => (await outcome(database.query(lock))) === "answered");
    goOn.resolve();
    expect(await frozen).not.to.equal("answered");
  });

  it("outlives a server that stops between two statements of a transaction", async () => {
    const reached = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const transaction = outcome(
      database.transaction(async (tx) => {
        await tx.query({ text: "SELECT 1" });
        reached.resolve();
        await goOn.promise;
        await tx.query({ text: "SELECT 1" });
      }),
    );
    await reached.promise;
    await server.kill("SIGINT");
    goOn.resolve();
    expect(await transaction).not.to.equal("answered");
    await server.start();
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

describe("A connection to PostgreSQL", function () {
  this.timeout(60_000);

  it("sends no start-up parameter that PgBouncer refuses, and has one plan for each statement", async () => {
    const server = await ownPostgres();
    const { hostname, port } = new URL(server.appUrl);
    let packet = Buffer.alloc(0);
    // Stands between the two: only the wire shows what PgBouncer would see.
    const tap = createServer((client) => {
      const upstream = connect(Number(port), hostname);
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        from.pipe(to);
        from.on("error", () => to.destroy());
      }
      client.once("data", (data) => {
        packet = data as Buffer<ArrayBuffer>;
      });
    });
    await once(tap.listen(0, "127.0.0.1"), "listening");
    const url = new URL(server.appUrl);
    [url.hostname, url.port] = ["127.0.0.1", String((tap.address() as AddressInfo).port)];
    const log = createLogger("test", "fatal");
    const database = openPostgres({ url: url.href, poolSize: 1, statementTimeoutMs: 300, log });
    try {
      const { rows } = await database.query({ text: "SHOW plan_cache_mode" });
      expect(rows[0]).to.deep.equal({ plan_cache_mode: "force_generic_plan" });
      // Length and protocol version, then name and value in turn, each ended by a NUL.
      const names = packet
        .subarray(8)
        .toString()
        .split("\0")
        .filter((_, at) => at % 2 === 0)
        .filter(Boolean);
      expect(["user", "database", "client_encoding", "application_name"]).to.include.members(names);
    } finally {
      await database.close();
      tap.close();
      await server.stop();
    }
  });
});
