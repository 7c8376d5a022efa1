import { expect } from "chai";
import { loadSql } from "../platform/sql/sql-file.ts";
import { migrateDatabase } from "../testkit/processes/platform.ts";
import { ask, connectTo } from "../testkit/servers/database.ts";
import { testPostgres } from "../testkit/servers/test-servers.ts";
import { describeOrderStore } from "./order-store.contract.ts";
import { NEWEST } from "./order-store.ts";

let database: Promise<string> | undefined;
/** The address of a migrated database as its owner has it. */
async function freshDatabase(): Promise<string> {
  const server = await testPostgres();
  const url = await server.createDatabase("orders_contract");
  await migrateDatabase({ url, appRole: server.appRole });
  return url;
}
const url = () => (database ??= freshDatabase());

/** The same with the rights of the services, and no more. */
async function servicesUrl(): Promise<string> {
  const own = new URL(await url());
  const { username, password } = new URL((await testPostgres()).appUrl);
  return Object.assign(own, { username, password }).href;
}

describeOrderStore("PostgreSQL", servicesUrl);

describe("a page of orders in PostgreSQL", function () {
  this.timeout(300_000);

  interface Plan {
    readonly "Node Type": string;
    readonly "Index Name"?: string;
    readonly "Actual Rows": number;
    readonly "Shared Hit Blocks": number;
    readonly "Shared Read Blocks": number;
    readonly Plans?: readonly Plan[];
  }
  const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];

  it("reads as much for an owner of 100,000 orders as for one of ten, by two index seeks", async () => {
    const address = await url();
    const fill = (owner: string, from: number, to: number) => `
      WITH placed AS (
        INSERT INTO orders (order_id, owner, ordinal, status, version, placed_at, currency, total, cart_id, cart_version,
                            cart_settled_at)
        SELECT gen_random_uuid(), '${owner}', n, 'placed', 1, now(), 'EUR', 1, 'c', 1, now()
          FROM generate_series(${from}, ${to}) n RETURNING order_id)
      INSERT INTO order_line SELECT order_id, 1, 'a', 'A', 1, 1, 1 FROM placed`;
    for (let from = 1; from <= 100_000; from += 5_000)
      await ask(address, fill("user:many", from, from + 4_999));
    await ask(address, fill("user:few", 1, 10));
    await ask(address, "ANALYZE orders, order_line");
    const sql = loadSql(new URL("./sql/postgres/page.sql", import.meta.url));
    const read = async (owner: string) => {
      // As the product runs it: a plan for any owner, limit and place.
      const connection = connectTo(address);
      try {
        await connection.rows("SET plan_cache_mode = force_generic_plan");
        await connection.rows(`PREPARE page AS ${sql}`);
        const execute = `EXECUTE page('${owner}', ${NEWEST}, 10)`;
        await connection.rows(execute);
        const [row] = await connection.rows<{ "QUERY PLAN": { Plan: Plan }[] }>(
          `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${execute}`,
        );
        return row!["QUERY PLAN"][0]!.Plan;
      } finally {
        await connection.close();
      }
    };
    const [many, few] = [await read("user:many"), await read("user:few")];
    for (const plan of [many, few]) {
      const scans = nodes(plan).filter((node) => node["Node Type"].includes("Scan"));
      expect(scans.map((node) => node["Index Name"] ?? node["Node Type"])).to.include.members([
        "orders_owner",
        "order_line_pkey",
      ]);
      expect(JSON.stringify(plan)).to.not.include("Seq Scan");
      expect(plan["Actual Rows"]).to.equal(10);
    }
    const blocks = (plan: Plan) => plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];
    // The trees are the same for both: a level or two of them more at most, for ten orders.
    expect(blocks(many)).to.be.below(blocks(few) + 40);
  });
});
