import { once } from "node:events";
import { Redis } from "ioredis";
import mssql from "mssql";
import { CART_EVENTS } from "../../../cart/events.ts";
import { shardKeys } from "../../../cart/store/keys.ts";
import { createRedisCommitNotifier } from "../../../outbox/commit-notifier.redis.ts";
import { createForwarder } from "../../../outbox/forwarder/forwarder.ts";
import { createRedisStaging } from "../../../outbox/forwarder/staging.redis.ts";
import { createForwarderMetrics } from "../../../outbox/metrics.ts";
import { createLogger } from "../../../platform/logger/logger.ts";
import { Registry } from "../../../platform/metrics/metrics.ts";
import { connectRedis } from "../../../platform/redis/redis.ts";
import { parseRedisUrl } from "../../../platform/redis/redis-url.ts";
import { openOutbox } from "../../../testkit/outbox.ts";
import { connectTo } from "../../../testkit/servers/database.ts";
import { cartEvents } from "../events.ts";

/*
 * MODE=forwarder: the forwarder moves COUNT staged events from their Redis streams to
 * SQL and takes them out of Redis. MODE=insert: a loop of multi-row inserts of the
 * same events into the same table, with no Redis. Prints {"perSecond"}.
 */

const SHARDS = 64;
const BATCH = 500;
const events = [...cartEvents(Number(process.env.COUNT))];
const log = createLogger("bench", "error");

const COLUMNS = "event_id, partition_no, type, subject, version, payload, traceparent, occurred_at";

/** In batches as large as the dialect allows: SQL Server takes 2,100 parameters. */
async function insertLoop(): Promise<number> {
  const { database, close } = connectTo(process.env.DATABASE_URL!);
  const postgres = database.dialect === "postgres";
  const most = postgres ? BATCH : 250;
  const marker = (n: number) => (postgres ? `$${n + 1}` : `@p${n}`);
  const began = performance.now();
  for (let at = 0; at < events.length; at += most) {
    const batch = events.slice(at, at + most);
    const values = batch.flatMap((e) => {
      const occurred = postgres ? new Date(e.occurredAt) : e.occurredAt;
      return [e.id, e.partition, e.type, e.subject, e.sequence, e.data, e.traceparent, occurred];
    });
    const rows = batch.map((_, r) => `(${Array.from({ length: 8 }, (_, n) => marker(r * 8 + n)).join(",")})`);
    const text = `INSERT INTO outbox_event (${COLUMNS}) VALUES ${rows.join(",")}`;
    if (database.dialect === "postgres") await database.query({ text, values });
    else
      await database.run((request) => {
        for (const [n, value] of values.entries()) bind(request, `p${n}`, value);
        return request.query(text);
      });
  }
  const took = performance.now() - began;
  await close();
  return took;
}

/** A number may be larger than the driver's INT, which it takes for numbers by itself. */
function bind(request: mssql.Request, name: string, value: unknown): void {
  if (typeof value === "number") request.input(name, mssql.BigInt, value);
  else request.input(name, value);
}

async function forwarderRun(): Promise<number> {
  const plain = new Redis(process.env.REDIS_URL!);
  for (let at = 0; at < events.length; at += 1_000) {
    const pipeline = plain.pipeline();
    for (const [index, e] of events.slice(at, at + 1_000).entries()) {
      const fields = { id: e.id, source: e.source, type: e.type, subject: e.subject };
      const named = { seqname: e.sequenceName, version: e.sequence, at: e.occurredAt };
      const rest = { ...named, trace: e.traceparent ?? "", n: at + index, data: e.data };
      pipeline.xadd(shardKeys.stream(e.partition), "*", ...Object.entries({ ...fields, ...rest }).flat());
    }
    await pipeline.exec();
  }
  const address = parseRedisUrl(process.env.REDIS_URL!)!;
  const redis = connectRedis(address, { log, commandTimeoutMs: 10_000 });
  await once(redis, "ready");
  const store = openOutbox(process.env.DATABASE_URL!, log);
  const staging = createRedisStaging({
    redis,
    shards: SHARDS,
    stream: shardKeys.stream,
    setAside: shardKeys.setAside,
    unnamed: CART_EVENTS,
  });
  const metrics = createForwarderMetrics(new Registry());
  const forwarder = createForwarder({
    store,
    staging,
    notifier: createRedisCommitNotifier(redis, log),
    shards: SHARDS,
    commitTimeoutMs: 10_000,
    metrics,
    log,
  });
  const all = Array.from({ length: SHARDS }, (_, shard) => shard);
  const began = performance.now();
  await forwarder.forward(all);
  let left = (await staging.backlog()).staged;
  // The removals of the last commit are not awaited by the forwarder; a rest would be forwarded again.
  while (left > 0) {
    await forwarder.forward(all);
    left = (await staging.backlog()).staged;
  }
  return performance.now() - began;
}

const took = process.env.MODE === "insert" ? await insertLoop() : await forwarderRun();
console.log(JSON.stringify({ perSecond: events.length / (took / 1000) }));
process.exit(0);
