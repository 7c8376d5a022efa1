import { expect } from "chai";
import { closeRedis, connectRedis, type RedisConnection } from "../../platform/redis/redis.ts";
import { parseRedisUrl } from "../../platform/redis/redis-url.ts";
import { eventually } from "../../testkit/eventually.ts";
import { type GatewayUnderTest, startGateway } from "../../testkit/gateway.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { type RecordingUpstream, startUpstream } from "../../testkit/recording-upstream.ts";
import { testRedis } from "../../testkit/servers/test-servers.ts";
import { request } from "../../testkit/shopper.ts";
import { openGate } from "../../testkit/tcp-gate.ts";
import { createRedisCounter } from "./rate-limit.redis.ts";
import { createMemoryCounter } from "./rate-limit-memory.ts";
import { createSharedCounter } from "./rate-limit-shared.ts";

describe("Rate limits in Redis", function () {
  this.timeout(30_000);
  const { log } = recordingLogger();
  const quotas = { owner: { points: 20, seconds: 60 } };
  let url: string;
  let cart: RecordingUpstream;
  let connections: RedisConnection[];
  let gateways: GatewayUnderTest[];
  before(async () => {
    url = (await testRedis()).url;
    cart = await startUpstream();
  });
  beforeEach(() => {
    connections = [];
    gateways = [];
  });
  afterEach(async () => {
    for (const gateway of gateways) await gateway.close();
    for (const connection of connections) await closeRedis(connection);
  });
  after(() => cart.close());

  async function connect(port?: number) {
    const address = parseRedisUrl(port === undefined ? url : `redis://127.0.0.1:${port}`)!;
    const redis = connectRedis(address, { log, commandTimeoutMs: port === undefined ? 5_000 : 100 });
    connections.push(redis);
    await eventually("connected", () => redis.status === "ready");
    return redis;
  }
  async function start(whenAway: "fail-open" | "fail-closed", redis: RedisConnection) {
    const gateway = await startGateway({
      cartUrl: cart.url,
      quotas,
      counter: (parts) =>
        createSharedCounter({
          shared: createRedisCounter(redis, quotas),
          local: createMemoryCounter(quotas),
          whenAway,
          ...parts,
        }),
    });
    gateways.push(gateway);
    return gateway;
  }
  const ask = (gateway: GatewayUnderTest, authorization: string) =>
    request(gateway.url, "GET", "/api/cart", { headers: { authorization } });

  it("let exactly the quota through, spread over two gateways", async () => {
    const two = [await start("fail-closed", await connect()), await start("fail-closed", await connect())];
    const guest = await two[0]!.guest();
    const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => ask(two[i % 2]!, guest)));
    const passed = answers.filter(({ status }) => status === 200);
    expect([passed.length, answers.filter(({ status }) => status === 429).length]).to.deep.equal([20, 40]);
    const left = passed.map(({ headers }) => Number(/r=(\d+)/.exec(headers.get("ratelimit")!)?.[1]));
    expect(left.toSorted((a, b) => a - b)).to.deep.equal(Array.from({ length: 20 }, (_, i) => i));
  });

  it("begin anew when a window ends, which is not put off by who keeps asking", async () => {
    const counter = createRedisCounter(await connect(), { owner: { points: 1, seconds: 1 } });
    const first = await counter.count("owner", "guest:w");
    expect(first).to.deep.equal({ count: 1, resetMs: 1_000 });
    const left: number[] = [1_000];
    await eventually("a new window", async () => {
      const { count, resetMs } = await counter.count("owner", "guest:w");
      if (count > 1) left.push(resetMs);
      return count === 1;
    });
    expect(left, "falls from count to count").to.deep.equal(left.toSorted((a, b) => b - a));
  });

  it("end with a window that was configured shorter since it began", async () => {
    const redis = await connect();
    const inDays = createRedisCounter(redis, { owner: { points: 3, seconds: 86_400 } });
    await inDays.count("owner", "guest:shorter");
    const inMinutes = createRedisCounter(redis, { owner: { points: 600, seconds: 60 } });
    expect(await inMinutes.count("owner", "guest:shorter")).to.deep.equal({ count: 2, resetMs: 60_000 });
    expect((await inDays.count("owner", "guest:shorter")).resetMs).to.be.at.most(60_000);
  });

  it("of a Redis that hangs are each gateway's own when they fail open, told once, and shared again after", async () => {
    const gate = await openGate({ host: "127.0.0.1", port: Number(new URL(url).port) });
    const gateway = await start("fail-open", await connect(gate.port));
    const guest = await gateway.guest();
    gate.freeze();
    const statuses: number[] = [];
    for (let i = 0; i < 21; i++) statuses.push((await ask(gateway, guest)).status);
    expect(statuses).to.deep.equal([...Array<number>(20).fill(200), 429]);
    expect(await gateway.metric("gateway_rate_limit_unshared_total")).to.equal(21);
    const told = () => gateway.lines.map(({ msg }) => msg).filter((msg) => /rate limits/.test(String(msg)));
    expect(told()).to.deep.equal(["rate limits are not shared"]);
    expect(await gateway.metric("gateway_rate_limits_shared")).to.equal(0);
    gate.thaw();
    await eventually("shared again", async () => (await ask(gateway, guest)).status === 200);
    expect(told()).to.deep.equal(["rate limits are not shared", "rate limits are shared again"]);
    expect(await gateway.metric("gateway_rate_limits_shared")).to.equal(1);
    await gate.close();
  });

  it("of a Redis that is away refuse everything when they fail closed: 503", async () => {
    const redis = await connect();
    const gateway = await start("fail-closed", redis);
    const guest = await gateway.guest();
    redis.disconnect();
    const { status, headers, body } = await ask(gateway, guest);
    expect([status, body.code, headers.get("retry-after")]).to.deep.equal([
      503,
      "RATE_LIMIT_UNAVAILABLE",
      "1",
    ]);
  });
});
