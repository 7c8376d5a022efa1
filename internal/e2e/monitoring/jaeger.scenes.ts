import { expect } from "chai";
import { newTraceparent } from "../../platform/trace/traceparent.ts";
import { eventually } from "../../testkit/eventually.ts";
import { findTool } from "../../testkit/kube/tool.ts";
import { startPlatform } from "../../testkit/processes/platform.ts";
import type { KeptTrace } from "../../testkit/servers/jaeger.ts";
import { ownJaeger, testDatabase, testRabbit, testRedis } from "../../testkit/servers/test-servers.ts";
import { shopperAt } from "../../testkit/shopper.ts";

/* The running platform sends its spans to a real Jaeger; what that gives back is looked at. */

/** Each span of one add, and the one that it is within; null is the client's, which Jaeger is not sent. */
const SPANS: Readonly<Record<string, string | null>> = {
  "gateway: POST /api/cart": null,
  "cart: POST /cart/items": "gateway: POST /api/cart",
  "cart: GET catalog": "cart: POST /cart/items",
  "catalog-stub: GET /products/:id": "cart: GET catalog",
  "cart: EVALSHA add": "cart: POST /cart/items",
  "cart: INSERT outbox_event": "cart: POST /cart/items",
  "cart: staged": "cart: POST /cart/items",
  "outbox-relay: in the outbox": "cart: POST /cart/items",
  "outbox-relay: send cart.events": "cart: POST /cart/items",
};

describe("One trace, fetched back from Jaeger", function () {
  this.timeout(240_000);

  it("covers gateway, cart, Redis, catalog, commit, relay and broker, each within its cause", async function () {
    const command = findTool("jaeger-all-in-one");
    if (command === null) {
      console.log("      (no Jaeger here: make test-jaeger builds it with Go)");
      this.skip();
    }
    const jaeger = await ownJaeger(command);
    const [redis, database, rabbit] = await Promise.all([testRedis(), testDatabase(), testRabbit()]);
    const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.endpoint };
    const platform = await startPlatform({ redisUrl: redis.url, database, rabbit, settings });
    const traceparent = newTraceparent().replace(/00$/, "01");
    const shopper = await shopperAt(platform.gatewayUrl);
    expect((await shopper.add("stove-ember", 1, { traceparent })).status).to.equal(200);

    const parents = await eventually(
      "Jaeger has every span",
      async () => {
        const trace = await jaeger.trace(traceparent.slice(3, 35));
        const found = trace === null ? {} : parentsOf(trace);
        const missing = Object.keys(SPANS).filter((name) => !(name in found));
        if (missing.length > 0) throw new Error(`it lacks ${missing.join(", ")}`);
        return found;
      },
      { timeoutMs: 60_000, intervalMs: 500 },
    );
    console.log(`      ${Object.keys(parents).join(", ")}`);
    // There may be one more: the first event of a shard is read back from its stream.
    expect(parents).to.include(SPANS);
    await platform.stop();
  });
});

/** The parent of each span, both as `service: name`. */
function parentsOf({ spans, processes }: KeptTrace): Record<string, string | null> {
  const names = new Map(
    spans.map((span) => [span.spanID, `${processes[span.processID]!.serviceName}: ${span.operationName}`]),
  );
  return Object.fromEntries(
    spans.map(({ spanID, references }) => {
      const parent = references.find(({ refType }) => refType === "CHILD_OF");
      return [names.get(spanID)!, names.get(parent?.spanID ?? "") ?? null];
    }),
  );
}
