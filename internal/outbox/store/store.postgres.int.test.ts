import { execFileSync } from "node:child_process";
import { expect } from "chai";
import pg from "pg";
import { ORIGIN } from "../../testkit/event-origin.ts";
import { openOutbox } from "../../testkit/outbox.ts";
import { mainOf } from "../../testkit/processes/processes.ts";
import { ownPostgres, testPostgres } from "../../testkit/servers/test-servers.ts";
import { describeOutboxStore } from "./store.contract.ts";

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

let database: Promise<string> | undefined;
async function freshDatabase(): Promise<string> {
  const url = await (await testPostgres()).createDatabase("outbox_contract");
  migrate(url);
  return url;
}

describeOutboxStore("PostgreSQL", {
  open: async () => {
    database ??= freshDatabase();
    return openOutbox(await database);
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
});

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
});
