import { expect } from "chai";
import { loadSql } from "../../platform/sql/sql-file.ts";
import { migrateDatabase } from "../../testkit/processes/platform.ts";
import { connectTo, type DatabaseConnection } from "../../testkit/servers/database.ts";
import { testPostgres } from "../../testkit/servers/test-servers.ts";

interface Plan {
  readonly "Node Type": string;
  readonly "Index Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Shared Hit Blocks": number;
  readonly "Shared Read Blocks": number;
  readonly Plans?: readonly Plan[];
}

const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];
const blocks = (plan: Plan) => plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];
/** How many rows the scans have found, all together. */
const rowsOf = (plan: Plan) =>
  nodes(plan)
    .filter((node) => node["Node Type"].includes("Scan"))
    .reduce((sum, node) => sum + node["Actual Rows"] * node["Actual Loops"], 0);

const DEAD = 50;
const MOST = 64;
/** Partition 0 has a heap of events behind dead ones, partition 1 few. */
const BEHIND = [30_000, 100] as const;
const LAST = 1_000_000_000;

describe("Events in PostgreSQL that wait behind dead ones", function () {
  this.timeout(120_000);
  let connection: DatabaseConnection;

  before(async () => {
    const server = await testPostgres();
    const url = await server.createDatabase("outbox_heap");
    await migrateDatabase({ url, appRole: server.appRole });
    connection = connectTo(url);
    for (const [partition, behind] of BEHIND.entries()) {
      await insert(partition, DEAD, "now()");
      await insert(partition, behind, "NULL");
    }
    await connection.rows("VACUUM ANALYZE outbox_event");
    // As the product runs it: a plan for any partitions, cursors and limit.
    await connection.rows("SET plan_cache_mode = force_generic_plan");
    for (const name of ["pending", "pending-behind"])
      await connection.rows(
        `PREPARE "${name}" AS ${loadSql(new URL(`./sql/postgres/${name}.sql`, import.meta.url))}`,
      );
  });
  after(() => connection?.close());

  const insert = (partition: number, count: number, deadAt: string) =>
    connection.rows(
      `INSERT INTO outbox_event (event_id, partition_no, type, subject, version, payload, occurred_at, dead_at)
       SELECT gen_random_uuid(), ${partition}, 't', 'cart-${partition}-' || n % ${DEAD}, n, '{}', now(), ${deadAt}
         FROM generate_series(1, ${count}) n`,
    );

  async function planOf(statement: string, partition: number, cursor: number): Promise<Plan> {
    const execute = `EXECUTE "${statement}"('{${partition}}', '{${cursor}}', ${MOST})`;
    await connection.rows(execute);
    const [row] = await connection.rows<{ "QUERY PLAN": { Plan: Plan }[] }>(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${execute}`,
    );
    return row!["QUERY PLAN"][0]!.Plan;
  }

  for (const { what, statement, cursor } of [
    { what: "a read", statement: "pending", cursor: 0 },
    { what: "a look behind a cursor", statement: "pending-behind", cursor: LAST },
  ])
    it(`cost ${what} as much where there are 30,000 as where there are 100`, async () => {
      const [many, few] = [await planOf(statement, 0, cursor), await planOf(statement, 1, cursor)];
      // One row for each parameter, and for each event looked at itself and its dead one.
      for (const plan of [many, few]) expect(rowsOf(plan)).to.be.within(MOST, 1 + 2 * MOST);
      expect(blocks(many)).to.be.below(blocks(few) + 40);
    });
});
