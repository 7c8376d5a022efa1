import { expect } from "chai";
import type { Redis } from "ioredis";
import { Registry } from "../../platform/metrics/metrics.ts";
import { awaitRedis, connectRedis } from "../../platform/redis/redis.ts";
import { parseRedisUrl } from "../../platform/redis/redis-url.ts";
import { ORIGIN } from "../../testkit/event-origin.ts";
import { eventually } from "../../testkit/eventually.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import type { RedisServer } from "../../testkit/servers/redis.ts";
import { ownRedis } from "../../testkit/servers/test-servers.ts";
import { createForwarderMetrics } from "../metrics.ts";
import { createForwarder, type Forwarder } from "./forwarder.ts";
import { createRedisStaging } from "./staging.redis.ts";
import type { StagingArea } from "./staging.ts";

const stream = (shard: number) => `outbox:{${shard}}`;
const { log } = recordingLogger();

describe("The forwarder when its Redis is demoted", function () {
  this.timeout(60_000);
  let servers: RedisServer[];
  let former: Redis;
  let promoted: Redis;
  let redis: Redis;
  let staging: StagingArea;
  let forwarder: Forwarder;
  const committed: string[] = [];

  const open = async (url: string) => {
    const connection = connectRedis(parseRedisUrl(url)!, { log, commandTimeoutMs: 2_000 }) as Redis;
    await awaitRedis(connection, 10_000);
    return connection;
  };
  const follow = (who: Redis, of: RedisServer) => who.call("REPLICAOF", "127.0.0.1", of.port);
  const stage = async (id: string, n: number) => {
    const event = {
      id,
      type: "cart.updated",
      subject: "a",
      sequence: n,
      data: "{}",
      occurredAt: 1,
      ...ORIGIN,
    };
    const fields = { ...event, version: n, seqname: ORIGIN.sequenceName, at: 1, trace: "", n };
    const entryId = await former.xadd(stream(0), "*", ...Object.entries(fields).flat().map(String));
    return { entryId: entryId!, ordinal: n, event: { ...event, partition: 0, traceparent: null } };
  };

  before(async () => {
    servers = await Promise.all([ownRedis(), ownRedis()]);
    [former, promoted] = (await Promise.all(servers.map(({ url }) => open(url)))) as [Redis, Redis];
    for (const each of [former, promoted]) await each.config("SET", "repl-diskless-sync-delay", "0");
    redis = await open(servers[0]!.url);
    staging = createRedisStaging({
      redis,
      shards: 1,
      stream,
      setAside: (shard) => `outbox-dead:{${shard}}`,
      unnamed: ORIGIN,
    });
    forwarder = createForwarder({
      store: {
        appendWhereFree: async (events) => {
          committed.push(...events.map(({ id }) => id));
          return [];
        },
        park: async () => {},
      },
      staging,
      notifier: { notify: () => {} },
      shards: 1,
      commitTimeoutMs: 5_000,
      metrics: createForwarderMetrics(new Registry()),
      log,
    });
  });
  after(async () => {
    await forwarder?.close();
    for (const each of [former, promoted, redis]) each?.disconnect();
    await Promise.all(servers.map((server) => server.stop()));
  });

  it("never takes an event for committed because a replica does not have it", async () => {
    await follow(promoted, servers[0]!);
    const first = await stage("01a21269-c6ee-729c-a6c8-b27253838901", 1);
    expect(await forwarder.committed(first)).to.equal("committed");
    await eventually(
      "the replica has seen the event come and go",
      async () => (await promoted.exists(stream(0))) === 1 && (await promoted.xlen(stream(0))) === 0,
    );
    // Replication is cut, the next event reaches the old master alone, and the replica takes over.
    await promoted.call("REPLICAOF", "NO", "ONE");
    const lost = await stage("01a21269-c6ee-729c-a6c8-b27253838902", 2);
    await follow(former, servers[1]!);
    await eventually(
      "the old master has its successor's data",
      async () => (await former.xlen(stream(0))) === 0,
    );
    // As after another process has staged something: from memory it could be committed in truth.
    forwarder.forgetChains();
    expect(await forwarder.committed(lost)).to.equal("staged");
    expect(committed).to.deep.equal([first.event.id]);
  });

  it("does not report that nothing is staged, which nobody knows", async () => {
    const reason = await staging.backlog().then(
      () => null,
      (error: Error) => error.message,
    );
    expect(reason).to.match(/READONLY|Stream isn't writeable|closed/);
  });
});
