import { expect } from "chai";
import { consumeEvents, type EventConsumer } from "../testkit/event-consumer.ts";
import { eventually } from "../testkit/eventually.ts";
import { migrateDatabase, type Platform, startPlatform } from "../testkit/processes/platform.ts";
import { connectTo, type DatabaseConnection, type DatabaseServer } from "../testkit/servers/database.ts";
import type { RabbitServer } from "../testkit/servers/rabbitmq.ts";
import type { RedisServer } from "../testkit/servers/redis.ts";
import { ownDatabase, ownRabbit, ownRedis } from "../testkit/servers/test-servers.ts";
import { expectNothingLost, type Load, startLoad } from "./load.ts";

/* What a rolling update and `helm rollback` do to processes: they meet the schema of a newer version. */

describe("Processes beside the schema of a newer version", function () {
  this.timeout(240_000);
  let redis: RedisServer;
  let database: DatabaseServer;
  let rabbit: RabbitServer;
  let platform: Platform;
  let consumer: EventConsumer;
  let owner: DatabaseConnection;

  before(async () => {
    [redis, database, rabbit] = await Promise.all([ownRedis(), ownDatabase(), ownRabbit()]);
    platform = await startPlatform({ redisUrl: redis.url, database, rabbit });
    consumer = await consumeEvents({ url: rabbit.consumerUrl, queue: "cart.events.demo" });
    owner = connectTo(database.url);
  });
  after(async () => {
    await owner?.close();
    await consumer?.close();
    await platform?.stop();
    await Promise.all([redis?.stop(), database?.stop(), rabbit?.stop()]);
  });

  async function more(load: Load, changes: number): Promise<void> {
    const goal = load.count() + changes;
    await eventually(`${changes} more changes`, () => load.count() >= goal, { timeoutMs: 60_000 });
  }

  /** What `migrate` of a newer version leaves behind. */
  async function applyNewer(name: string, kind: "expanding" | "contracting"): Promise<void> {
    const column = name.replace(/\W/g, "_");
    await owner.rows({
      postgres: `ALTER TABLE outbox_event ADD COLUMN ${column} text NULL`,
      sqlserver: `ALTER TABLE outbox_event ADD ${column} nvarchar(100) NULL`,
    });
    await owner.rows(
      `INSERT INTO schema_migration (name, checksum, kind) VALUES ('${name}', '${"0".repeat(64)}', '${kind}')`,
    );
  }

  it("go on when it only expands, start beside it as after a rollback, and lose nothing", async () => {
    const load = await startLoad(platform);
    await more(load, 100);
    await applyNewer("newer_9001.sql", "expanding");
    await more(load, 100);
    // The Job of a release that is rolled back to.
    await migrateDatabase(database);
    for (const each of [...platform.carts, ...platform.relays]) {
      await each.kill("SIGTERM");
      await each.start();
    }
    await more(load, 100);
    await expectNothingLost(await load.stop(), consumer);
  });

  it("refuse in a sentence when it contracts: the running ones are no longer ready, and migrate ends", async () => {
    await applyNewer("newer_9002.sql", "contracting");
    const sentence = /contracting migration newer_9002\.sql of a newer version/;
    for (const { name, adminUrl } of [...platform.carts, ...platform.relays]) {
      const told = await eventually(`${name} is not ready`, async () => {
        const answer = await fetch(`${adminUrl}/readyz`);
        return answer.status === 503 ? answer.text() : null;
      });
      expect(told).to.match(sentence);
    }
    const refused = await migrateDatabase(database).catch((error: { stderr: string }) => error.stderr);
    expect(refused).to.match(sentence);
  });
});
