import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { expect } from "chai";
import pg from "pg";
import { ORIGIN } from "../../testkit/event-origin.ts";
import { openOutbox } from "../../testkit/outbox.ts";
import { mainOf } from "../../testkit/processes/processes.ts";
import { ask } from "../../testkit/servers/database.ts";
import { type PgBouncer, pgBouncerCommand } from "../../testkit/servers/pgbouncer.ts";
import { ownPgBouncer, ownPostgres, testPostgres } from "../../testkit/servers/test-servers.ts";
import { describeOutboxStore } from "./store.contract.ts";
import { EventsRefused } from "./store.ts";
import type { OutboxBench } from "./store-scene.contract.ts";

const anEvent = {
  id: "0191d3a0-0000-7000-8000-000000000001",
  partition: 0,
  ...ORIGIN,
  type: "cart.updated",
  subject: "a",
  sequence: 1,
  data: "{}",
  traceparent: null,
  occurredAt: 1,
};

function migrate(url: string): string {
  const env = { PATH: process.env.PATH, DATABASE_URL: url };
  return execFileSync(process.execPath, [mainOf("migrate")], { encoding: "utf8", env });
}

/** A migrated database of its own, reached directly or `through` something. */
function benchOn(name: string, through: (url: string) => Promise<string> = async (url) => url): OutboxBench {
  let database: Promise<string> | undefined;
  async function fresh(): Promise<string> {
    const url = await (await testPostgres()).createDatabase(name);
    migrate(url);
    return url;
  }
  return {
    open: async () => {
      database ??= fresh();
      return openOutbox(await through(await database));
    },
    begin: async () => {
      const client = new pg.Client({ connectionString: await database });
      await client.connect();
      await client.query("BEGIN");
      return {
        insert: async (event) => {
          await client.query(
            `INSERT INTO outbox_event (event_id, partition_no, type, subject, version, payload, occurred_at)
       VALUES ($1, $2, $3, $4, $5, $6, now())`,
            [event.id, event.partition, event.type, event.subject, event.sequence, event.data],
          );
        },
        run: async (sql) => void (await client.query(sql)),
        end: async (how) => {
          await client.query(how);
          await client.end();
        },
      };
    },
  };
}

describeOutboxStore("PostgreSQL", benchOn("outbox_contract"));

if (pgBouncerCommand() === null)
  console.error(
    "  (no PgBouncer from 1.21 on is here: nothing ran behind one; make test-pgbouncer unpacks it)",
  );
else
  for (const mode of ["session", "transaction"] as const) {
    let bouncer: Promise<PgBouncer | null> | undefined;
    const through = async (url: string) => {
      bouncer ??= ownPgBouncer(url, mode);
      return (await bouncer)!.through(url);
    };
    describeOutboxStore(
      `PostgreSQL behind PgBouncer in ${mode} mode`,
      benchOn(`outbox_behind_${mode}`, through),
    );
  }

describe("the outbox in PostgreSQL", () => {
  it("goes on with the same store when its server was killed and is back", async () => {
    const server = await ownPostgres();
    migrate(server.url);
    const store = openOutbox(server.url);
    await Promise.all(Array.from({ length: 8 }, () => store.ensurePartitions(4)));
    await server.kill("SIGKILL");
    const refused = await store.backlog().then(
      () => "answered",
      () => "refused",
    );
    expect(refused).to.equal("refused");
    await server.start();
    const first = await Promise.all([
      store.append([anEvent]),
      store.pending([{ partition: 0, after: 0 }], 10),
      store.renew("relay", 60_000),
      store.backlog(),
    ]);
    expect(first).to.have.length(4);
    await store.close();
    await server.stop();
  });
  it("does not take good events for refused ones when its sequence lies behind the table", async () => {
    const url = await (await testPostgres()).createDatabase("outbox_behind");
    migrate(url);
    const store = openOutbox(url);
    await store.append([anEvent]);
    // As after a restore, or a cut-over by logical replication, that brought no sequences along.
    await ask(url, "ALTER TABLE outbox_event ALTER COLUMN seq RESTART WITH 1");
    const failure = await store.append([{ ...anEvent, id: randomUUID(), sequence: 2 }]).then(
      () => null,
      (err: unknown) => err as Error,
    );
    expect(failure).not.to.be.instanceOf(EventsRefused);
    expect(failure?.message).to.contain("outbox_event_pkey");
    await store.close();
  });
});
