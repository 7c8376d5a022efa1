import { expect } from "chai";
import { SERVICE_DOCUMENT } from "../../internal/orders/service-calls.ts";
import { readEnv } from "../../internal/platform/config/env.ts";
import type { OpenApiDocument } from "../../internal/platform/http/openapi.ts";
import { Registry } from "../../internal/platform/metrics/metrics.ts";
import type { Service } from "../../internal/platform/service/service.ts";
import { describedCalls, expectWellFormed, servedCalls } from "../../internal/testkit/openapi.ts";
import { recordingLogger } from "../../internal/testkit/recording-logger.ts";
import { testDatabase, testRedis } from "../../internal/testkit/servers/test-servers.ts";
import { openAdapters } from "./adapters.ts";
import { cartApp } from "./app.ts";
import { schema } from "./config.ts";
import { CART_DOCUMENT } from "./openapi.ts";

describe("The OpenAPI documents of the process cart", () => {
  const stops: (() => unknown)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).toReversed()) await stop();
  });

  /** The process as it is wired, without its ports. */
  async function openProcess(): Promise<[Parameters<typeof cartApp>[0], Service]> {
    const [redis, database] = await Promise.all([testRedis(), testDatabase()]);
    const config = readEnv(schema, {
      PORT: "0",
      ADMIN_PORT: "0",
      REDIS_URL: redis.url,
      DATABASE_URL: database.url,
      CATALOG_URL: "http://127.0.0.1:9",
      INTERNAL_TOKEN_SECRET: "i".repeat(32),
    });
    if (!config.ok) throw new Error(JSON.stringify(config.error));
    const lifecycle = {
      onStop: (_name: string, stop: () => unknown) => void stops.push(stop),
      onStopping: () => {},
      addCheck: () => {},
      addNote: () => {},
    };
    const service = { log: recordingLogger().log, registry: new Registry(), lifecycle };
    return [config.value, service as unknown as Service];
  }

  it("describe together every route that it serves, each once, and no other", async () => {
    const [config, service] = await openProcess();
    const served = servedCalls(cartApp(config, service, openAdapters(config, service)));
    const described = [...describedCalls(CART_DOCUMENT), ...describedCalls(SERVICE_DOCUMENT)];
    expect(described).to.have.members(served);
  });

  it("are well-formed", () => {
    for (const document of [CART_DOCUMENT, SERVICE_DOCUMENT]) expectWellFormed(document);
  });

  it("tell clients of checkout and orders, and services alone of transitions", () => {
    expect(describedCalls(CART_DOCUMENT)).to.have.members([
      "GET /cart",
      "DELETE /cart",
      "POST /cart/items",
      "PUT /cart/items/{productId}",
      "DELETE /cart/items/{productId}",
      "GET /cart/openapi.json",
      "POST /cart/merge",
      "POST /cart/checkout",
      "GET /orders",
      "GET /orders/{id}",
      "POST /orders/{id}/cancel",
    ]);
    expect(describedCalls(SERVICE_DOCUMENT)).to.have.members([
      "POST /orders/{id}/transitions",
      "GET /services/openapi.json",
    ]);
  });

  it("say what a repeat gets: of a cart its first outcome, of an order the order as it is by then", () => {
    const keyOf = (document: OpenApiDocument, path: string) =>
      document.paths[path]!.post!.parameters!.find(({ name }) => name === "Idempotency-Key")!.description;
    expect(keyOf(CART_DOCUMENT, "/cart/items")).to.include("gets the first outcome");
    expect(keyOf(CART_DOCUMENT, "/cart/checkout")).to.include("gets the order as it is by then");
    expect(keyOf(CART_DOCUMENT, "/orders/{id}/cancel")).to.include("gets the order as it is by then");
    expect(keyOf(SERVICE_DOCUMENT, "/orders/{id}/transitions")).to.include("gets the order as it is by then");
    const { summary, requestBody } = CART_DOCUMENT.paths["/orders/{id}/cancel"]!.post! as {
      summary: string;
      requestBody?: object;
    };
    expect([summary.includes("no body is read"), requestBody]).to.deep.equal([true, undefined]);
  });

  it("say that a checkout does not go without an Idempotency-Key", () => {
    const required = (path: string) =>
      CART_DOCUMENT.paths[path]!.post!.parameters!.find(({ name }) => name === "Idempotency-Key")!.required;
    expect([required("/cart/checkout"), required("/cart/items")]).to.deep.equal([true, false]);
  });
});
