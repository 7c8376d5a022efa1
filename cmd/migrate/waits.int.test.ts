import { expect } from "chai";
import pg from "pg";
import { OUTBOX_SCHEMA } from "../../internal/outbox/store/migrations.ts";
import { withTarget } from "../../internal/platform/sql/connect-target.ts";
import { migrate } from "../../internal/platform/sql/migrator.ts";
import { eventually } from "../../internal/testkit/eventually.ts";
import { ask } from "../../internal/testkit/servers/database.ts";
import { testPostgres } from "../../internal/testkit/servers/test-servers.ts";
import { openGate } from "../../internal/testkit/tcp-gate.ts";

const ALL = OUTBOX_SCHEMA.migrations("postgres");
const FIRST = ALL.slice(0, 1);
const REST = ALL.slice(1).map(({ name }) => name);
const APPEND = `INSERT INTO outbox_event (event_id, partition_no, type, subject, version, payload, occurred_at)
  VALUES (gen_random_uuid(), 1, 't', 's', 1, '{}', now())`;
const RIVAL = "SELECT pg_advisory_lock(7165065752896432487)";
const DUMP = "BEGIN; LOCK TABLE outbox_event, schema_migration IN ACCESS SHARE MODE";

describe("migrate beside others on PostgreSQL", function () {
  this.timeout(60_000);
  let url: string;
  let other: pg.Client;
  let databases = 0;

  /** Migrates; the outcome is what was applied, or what migrate would say. */
  function run(timeoutMs: number, { migrations = ALL, at = url } = {}) {
    const said: string[] = [];
    const applied: string[] = [];
    const done = withTarget(
      { dialect: "postgres", url: at },
      timeoutMs,
      (line) => said.push(line),
      async (target) => void applied.push(...(await migrate(target, migrations)).applied),
    );
    const outcome = done.then(
      () => applied,
      (error: Error) => error.message,
    );
    return { said, outcome };
  }

  /** Runs a statement, which fails when it takes longer. */
  async function within(ms: number, sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(`SET statement_timeout = ${ms}`);
    await client.query(sql).finally(() => client.end());
  }

  const exclusiveLock = (granted: boolean) =>
    eventually(`a migration ${granted ? "has" : "waits for"} the lock of outbox_event`, async () => {
      const locks = await ask(
        url,
        `SELECT 1 FROM pg_locks WHERE relation = 'outbox_event'::regclass AND mode = 'AccessExclusiveLock'
            AND granted = ${granted} AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      return locks.length > 0;
    });

  beforeEach(async () => {
    const server = await testPostgres();
    url = await server.createDatabase(`cartwright_test_${process.pid}_waits_${++databases}`);
    await run(10_000, { migrations: FIRST }).outcome;
    other = new pg.Client({ connectionString: url });
    await other.connect();
  });
  afterEach(() => other.end());

  it("waits for a rival, says so once, and goes on when that is done", async () => {
    await other.query(RIVAL);
    const { said, outcome } = run(30_000);
    await eventually("it waits", () => said.length > 0);
    await other.query("SELECT pg_advisory_unlock_all()");
    expect(await outcome).to.deep.equal(REST);
    expect(said).to.deep.equal(["waiting for another migrate"]);
  });

  it("gives up in time when a rival does not end", async () => {
    await other.query(RIVAL);
    expect(await run(500).outcome).to.equal(
      "another migrate has the lock of this database, and was not done within 500 ms",
    );
  });

  it("keeps appends waiting for seconds only while somebody reads the outbox, and migrates after that", async () => {
    await other.query(DUMP);
    const { said, outcome } = run(30_000);
    await exclusiveLock(false);
    await within(8_000, APPEND);
    await eventually("it says that it waits", () => said.length > 0);
    await exclusiveLock(false);
    await other.query("COMMIT");
    expect(await outcome).to.deep.equal(REST);
    expect(said).to.deep.equal(["waiting for a table that others use"]);
    expect(await ask(url, "SELECT source FROM outbox_event")).to.deep.equal([{ source: "/cartwright/cart" }]);
  });

  it("gives up in time when the reader does not end, and nothing of the migration stays", async () => {
    await other.query(DUMP);
    expect(await run(500).outcome).to.equal(
      `migration ${REST[0]} failed: a table to change was in use by others, and was not free within 500 ms`,
    );
    await within(8_000, APPEND);
    const names = await ask(url, "SELECT name FROM schema_migration");
    expect(names).to.deep.equal(FIRST.map(({ name }) => ({ name })));
  });

  it("needs no table for itself when there is nothing to apply", async () => {
    await other.query(DUMP);
    const { said, outcome } = run(500, { migrations: FIRST });
    expect([await outcome, said]).to.deep.equal([[], []]);
  });

  it("leaves no lock for longer than seconds when its node is lost within a migration", async () => {
    const { hostname: host, port } = new URL(url);
    const gate = await openGate({ host, port: Number(port) }, (from, packet) => {
      if (from === "client" && packet.includes("INSERT INTO schema_migration")) gate.strand();
    });
    const through = new URL(url);
    through.port = String(gate.port);
    const lost = run(30_000, { at: through.href });
    await exclusiveLock(true);
    expect(await run(30_000).outcome).to.deep.equal(REST);
    await within(1_000, APPEND);
    await gate.close();
    expect(await lost.outcome).to.match(/^migration .* failed: /);
  });
});
