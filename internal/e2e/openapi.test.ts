import { expect } from "chai";
import type { OpenApiDocument } from "../platform/http/openapi.ts";
import { describedCalls, expectServedAsDescribed, expectWellFormed } from "../testkit/openapi.ts";
import { type Platform, startPlatform } from "../testkit/processes/platform.ts";
import { testDatabase, testRabbit, testRedis } from "../testkit/servers/test-servers.ts";
import { request } from "../testkit/shopper.ts";

describe("The public API's OpenAPI document, from outside", function () {
  this.timeout(180_000);
  let platform: Platform;
  let document: OpenApiDocument;

  before(async () => {
    const [redis, database, rabbit] = await Promise.all([testRedis(), testDatabase(), testRabbit()]);
    platform = await startPlatform({ redisUrl: redis.url, database, rabbit });
    const answer = await request(platform.gatewayUrl, "GET", "/api/openapi.json");
    expect(answer.status).to.equal(200);
    document = answer.body;
  });
  after(() => platform?.stop());

  it("has the gateway's own calls, the cart's and the catalog's", () => {
    expectWellFormed(document);
    expect(describedCalls(document)).to.have.members([
      "POST /api/session",
      "DELETE /api/session",
      "POST /api/session/refresh",
      "GET /api/openapi.json",
      "GET /api/cart",
      "DELETE /api/cart",
      "POST /api/cart/items",
      "PUT /api/cart/items/{productId}",
      "DELETE /api/cart/items/{productId}",
      "GET /api/cart/openapi.json",
      "POST /api/cart/merge",
      "POST /api/cart/checkout",
      "GET /api/orders",
      "GET /api/orders/{id}",
      "POST /api/orders/{id}/cancel",
      "GET /api/catalog/products",
      "GET /api/catalog/products/{id}",
    ]);
  });

  it("is what the platform serves, path by path and method by method", async () => {
    const authorization = `Bearer ${await platform.token("reader")}`;
    await expectServedAsDescribed(document, platform.gatewayUrl, { authorization });
  });

  it("says what needs a token: 401 without one, and nothing else is", async () => {
    for (const [path, item] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(item)) {
        const answer = await request(platform.gatewayUrl, method.toUpperCase(), path.replace(/\{\w+\}/, "x"));
        expect(answer.status === 401, `${method} ${path}`).to.equal(!("security" in operation));
      }
    }
  });
});
