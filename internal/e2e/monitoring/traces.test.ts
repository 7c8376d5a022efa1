import { readFileSync } from "node:fs";
import { expect } from "chai";
import { newTraceparent } from "../../platform/trace/traceparent.ts";
import { eventually } from "../../testkit/eventually.ts";
import { type ReceivedSpan, startOtlpReceiver } from "../../testkit/otlp-receiver.ts";
import { type Platform, type Running, startPlatform } from "../../testkit/processes/platform.ts";
import type { DatabaseServer } from "../../testkit/servers/database.ts";
import type { RabbitServer } from "../../testkit/servers/rabbitmq.ts";
import { ownPrometheus, testDatabase, testRabbit, testRedis } from "../../testkit/servers/test-servers.ts";
import { shopperAt } from "../../testkit/shopper.ts";
import { needPrometheus, targetsOf } from "./scene.ts";

/** An attribute's value as OTLP has it in JSON: a 64-bit integer may be a string. */
const plain = ({ stringValue, intValue }: Readonly<Record<string, unknown>>) =>
  intValue === undefined ? stringValue : Number(intValue);

/* Spans as a collector receives them of the running platform. */

describe("A request's trace", function () {
  this.timeout(240_000);
  let platform: Platform;
  let database: DatabaseServer;
  let rabbit: RabbitServer;
  let spans: readonly ReceivedSpan[];

  before(async () => {
    const [redis, sql, broker] = await Promise.all([testRedis(), testDatabase(), testRabbit()]);
    rabbit = broker;
    database = sql;
    const receiver = await startOtlpReceiver();
    spans = receiver.spans;
    const settings = {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      LOG_LEVEL: "debug",
      CATALOG_CACHE_TTL_MS: "0",
    };
    platform = await startPlatform({ redisUrl: redis.url, database, rabbit: broker, settings });
  });
  after(() => platform?.stop());

  const traceparent = (flags: "00" | "01") => newTraceparent().replace(/00$/, flags);
  const of = (trace: string) => spans.filter(({ traceId }) => traceId === trace.slice(3, 35));
  const named = (trace: string) => new Map(of(trace).map((span) => [`${span.service}: ${span.name}`, span]));

  /** One add under the trace; its spans by service and name, once the last of them has arrived. */
  async function tracedAdd(trace: string) {
    const shopper = await shopperAt(platform.gatewayUrl);
    expect((await shopper.add("stove-ember", 1, { traceparent: trace })).status).to.equal(200);
    return eventually(
      "the trace is whole",
      () => {
        const found = named(trace);
        return found.has("outbox-relay: in the outbox") && found.has("gateway: POST /api/cart")
          ? found
          : null;
      },
      { timeoutMs: 60_000 },
    );
  }

  it("leads from the client through gateway, cart, catalog and Redis to the commit and the broker", async () => {
    const trace = traceparent("01");
    await tracedAdd(trace);
    const parents: [child: string, parent: string][] = [
      ["cart: POST /cart/items", "gateway: POST /api/cart"],
      ["cart: GET catalog", "cart: POST /cart/items"],
      ["catalog-stub: GET /products/:id", "cart: GET catalog"],
      ["cart: EVALSHA add", "cart: POST /cart/items"],
      ["cart: INSERT outbox_event", "cart: POST /cart/items"],
      ["cart: staged", "cart: POST /cart/items"],
      ["outbox-relay: in the outbox", "cart: POST /cart/items"],
      ["outbox-relay: send cart.events", "cart: POST /cart/items"],
    ];
    await eventually("every span has arrived", () => parents.every(([child]) => named(trace).has(child)), {
      timeoutMs: 30_000,
    }).catch(() => expect([...named(trace).keys()]).to.include.members(parents.map(([child]) => child)));
    const spansOf = named(trace);
    expect(spansOf.get("gateway: POST /api/cart")!.parentSpanId).to.equal(trace.slice(36, 52));
    const labels = new Map(of(trace).map((span) => [span.spanId, `${span.service}: ${span.name}`]));
    // Each of a name: without the cache an add asks the catalog twice, to check the product and to show the
    // cart.
    for (const [child, parent] of parents)
      for (const span of of(trace).filter(({ spanId }) => labels.get(spanId) === child))
        expect(labels.get(span.parentSpanId ?? "none"), child).to.equal(parent);
  });

  it("shows the waits where they end: with the commit, and with the sending", async () => {
    const trace = traceparent("01");
    const found = await tracedAdd(trace);
    await eventually("the wait for the commit", () => named(trace).has("cart: staged"), {
      timeoutMs: 30_000,
    });
    const at = (nanoseconds: string) => Number(BigInt(nanoseconds) / 1_000_000n);
    const staged = named(trace).get("cart: staged")!;
    const commit = named(trace).get("cart: INSERT outbox_event")!;
    expect(staged.links?.map(({ spanId }) => spanId)).to.deep.equal([commit.spanId]);
    expect(at(staged.endTimeUnixNano)).to.be.within(
      at(commit.startTimeUnixNano),
      at(commit.endTimeUnixNano) + 50,
    );
    const sent = found.get("outbox-relay: send cart.events")!;
    const waited = found.get("outbox-relay: in the outbox")!;
    expect(at(waited.endTimeUnixNano)).to.be.within(
      at(sent.startTimeUnixNano) - 50,
      at(sent.startTimeUnixNano) + 50,
    );
  });

  it("says what each span is of by OpenTelemetry's conventions", async () => {
    const trace = traceparent("01");
    await tracedAdd(trace);
    const attributes = (name: string) =>
      eventually(name, () => {
        const span = named(trace).get(name);
        return span && Object.fromEntries(span.attributes.map(({ key, value }) => [key, plain(value)]));
      });
    expect(await attributes("gateway: POST /api/cart")).to.include({
      "http.request.method": "POST",
      "http.route": "/api/cart",
      "http.response.status_code": 200,
      "url.path": "/api/cart/items",
      "url.scheme": "http",
    });
    const catalog = new URL(platform.catalog.url);
    const { "url.full": asked, ...asking } = await attributes("cart: GET catalog");
    expect(asking).to.deep.equal({
      "http.request.method": "GET",
      "http.response.status_code": 200,
      "server.address": catalog.hostname,
      "server.port": Number(catalog.port),
    });
    // To check the product, or to show the cart.
    expect(["/products/stove-ember", "/products?ids=stove-ember"]).to.include(
      String(asked).replace(catalog.origin, ""),
    );
    expect(await attributes("cart: EVALSHA add")).to.include({
      "db.system.name": "redis",
      "db.operation.name": "EVALSHA",
      "db.stored_procedure.name": "add",
    });
    expect(await attributes("cart: INSERT outbox_event")).to.include({
      "db.system.name": database.dialect === "postgres" ? "postgresql" : "microsoft.sql_server",
      "db.operation.name": "INSERT",
      "db.collection.name": "outbox_event",
    });
    expect(await attributes("outbox-relay: send cart.events")).to.include({
      "messaging.system": "rabbitmq",
      "messaging.destination.name": "cart.events",
      "messaging.rabbitmq.destination.routing_key": "cart.updated",
    });
  });

  it("is named by the log lines that are written on its behalf", async () => {
    const trace = traceparent("01");
    await tracedAdd(trace);
    const linesOf = ({ logFile }: Running) => {
      const lines = readFileSync(logFile, "utf8").trim().split("\n");
      return lines.filter((line) => line.includes(`"traceId":"${trace.slice(3, 35)}"`)).length;
    };
    expect(Math.max(...platform.gateways.map(linesOf)), "of the gateway that it came to").to.be.greaterThan(
      0,
    );
    expect(linesOf(platform.carts[0]!)).to.be.greaterThan(0);
  });

  it("is kept by Prometheus with its request's duration and its event's time to the broker", async function () {
    needPrometheus(this);
    const prometheus = await ownPrometheus(targetsOf(platform, rabbit));
    const trace = traceparent("01");
    await tracedAdd(trace);
    for (const name of ["http_request_duration_seconds", "outbox_publish_latency_seconds"])
      await eventually(
        `${name} leads to the trace`,
        async () => (await prometheus.traces(`${name}_bucket`)).includes(trace.slice(3, 35)),
        { timeoutMs: 60_000, intervalMs: 500 },
      );
    await prometheus.stop();
  });

  it("is not recorded when its caller does not record it", async () => {
    const quiet = traceparent("00");
    const shopper = await shopperAt(platform.gatewayUrl);
    await shopper.add("stove-ember", 1, { traceparent: quiet });
    await tracedAdd(traceparent("01")); // whatever came before has arrived by then
    expect(of(quiet)).to.deep.equal([]);
  });
});
