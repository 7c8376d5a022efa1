import { expect } from "chai";
import type { OpenApiDocument } from "../platform/http/openapi.ts";
import { expectDescribedAnswer, pathIn } from "../testkit/openapi.ts";
import { type Platform, startPlatform } from "../testkit/processes/platform.ts";
import { testDatabase, testRabbit, testRedis } from "../testkit/servers/test-servers.ts";
import { request, type Shopper, shopperAt } from "../testkit/shopper.ts";
import { expectProblem } from "./expect-problem.ts";

describe("Bad input, from outside", function () {
  this.timeout(180_000);
  let platform: Platform;
  let document: OpenApiDocument;
  let shopper: Shopper;

  before(async () => {
    const [redis, database, rabbit] = await Promise.all([testRedis(), testDatabase(), testRabbit()]);
    platform = await startPlatform({ redisUrl: redis.url, database, rabbit });
    document = (await request(platform.gatewayUrl, "GET", "/api/openapi.json")).body;
  });
  after(() => platform?.stop());
  beforeEach(async () => {
    shopper = await shopperAt(platform.gatewayUrl);
  });

  const json = { "content-type": "application/json" };
  const bad: [
    string,
    string,
    string,
    { body?: unknown; raw?: string; headers?: Record<string, string> },
    number,
    string,
    string,
  ][] = [
    ["malformed JSON", "POST", "/api/cart/items", { raw: '{"productId":' }, 400, "INVALID_REQUEST", "body"],
    [
      "another content type",
      "POST",
      "/api/cart/items",
      { raw: "a=b", headers: { "content-type": "text/plain" } },
      415,
      "UNSUPPORTED_MEDIA_TYPE",
      "Content-Type",
    ],
    ["no body", "POST", "/api/cart/items", {}, 400, "INVALID_REQUEST", "body"],
    [
      "a body over the cart's limit",
      "POST",
      "/api/cart/items",
      { raw: `{"productId":"${"x".repeat(20_000)}"}`, headers: json },
      413,
      "PAYLOAD_TOO_LARGE",
      "body",
    ],
    [
      "a body over the gateway's limit",
      "POST",
      "/api/cart/items",
      { raw: "x".repeat(100_000), headers: json },
      413,
      "PAYLOAD_TOO_LARGE",
      "body",
    ],
    ...(
      [
        ["POST", "/api/cart/items"],
        ["PUT", "/api/cart/items/mug-steel"],
        ["POST", "/api/cart/merge"],
        ["POST", "/api/cart/checkout"],
        ["POST", "/api/session/refresh"],
        ["DELETE", "/api/session"],
      ] as const
    ).map(
      ([method, path]) =>
        [
          `4,000 levels of lists in ${method} ${path}`,
          method,
          path,
          {
            raw: "[".repeat(4_000) + "]".repeat(4_000),
            headers: { ...json, "idempotency-key": "nested" },
          },
          400,
          "INVALID_REQUEST",
          "body",
        ] as (typeof bad)[number],
    ),
    ["a list", "POST", "/api/cart/items", { body: [1] }, 400, "INVALID_REQUEST", "body"],
    [
      "an unknown field",
      "POST",
      "/api/cart/items",
      { body: { productId: "mug-steel", quantity: 1, price: 0 } },
      400,
      "INVALID_REQUEST",
      "price",
    ],
    [
      "a negative quantity",
      "POST",
      "/api/cart/items",
      { body: { productId: "mug-steel", quantity: -1 } },
      400,
      "INVALID_REQUEST",
      "quantity",
    ],
    [
      "quantity 0",
      "POST",
      "/api/cart/items",
      { body: { productId: "mug-steel", quantity: 0 } },
      400,
      "INVALID_REQUEST",
      "quantity",
    ],
    [
      "a fraction",
      "PUT",
      "/api/cart/items/mug-steel",
      { body: { quantity: 1.5 } },
      400,
      "INVALID_REQUEST",
      "quantity",
    ],
    [
      "text as quantity",
      "PUT",
      "/api/cart/items/mug-steel",
      { body: { quantity: "2" } },
      400,
      "INVALID_REQUEST",
      "quantity",
    ],
    [
      "2^53",
      "POST",
      "/api/cart/items",
      { raw: '{"productId":"mug-steel","quantity":9007199254740992}' },
      400,
      "INVALID_REQUEST",
      "quantity",
    ],
    [
      "more than the limit",
      "POST",
      "/api/cart/items",
      { body: { productId: "mug-steel", quantity: 1_000 } },
      409,
      "QUANTITY_LIMIT",
      "quantity",
    ],
    [
      "a product id with a colon",
      "PUT",
      "/api/cart/items/a%3Ab",
      { body: { quantity: 1 } },
      400,
      "INVALID_REQUEST",
      "productId",
    ],
    ["a product id with an @", "DELETE", "/api/cart/items/@v", {}, 400, "INVALID_REQUEST", "productId"],
    [
      "a product id with braces",
      "DELETE",
      "/api/cart/items/%7Bx%7D",
      {},
      400,
      "INVALID_REQUEST",
      "productId",
    ],
    [
      "a product id with a newline",
      "DELETE",
      "/api/cart/items/a%0Ab",
      {},
      400,
      "INVALID_REQUEST",
      "productId",
    ],
    [
      "a product id with an emoji",
      "DELETE",
      "/api/cart/items/%F0%9F%98%80",
      {},
      400,
      "INVALID_REQUEST",
      "productId",
    ],
    [
      "a product id of 10 kB",
      "DELETE",
      `/api/cart/items/${"x".repeat(10_240)}`,
      {},
      400,
      "INVALID_REQUEST",
      "productId",
    ],
    ["a broken percent sign", "DELETE", "/api/cart/items/%zz", {}, 400, "INVALID_REQUEST", "path"],
    ["an unknown route", "GET", "/api/nothing", {}, 404, "NOT_FOUND", "path"],
    ["an unknown route of the cart", "GET", "/api/cart/nothing", {}, 404, "NOT_FOUND", "path"],
    ["a method that is not there", "PATCH", "/api/cart", {}, 405, "METHOD_NOT_ALLOWED", "method"],
    ["a product that is not sold", "GET", "/api/catalog/products/none", {}, 404, "PRODUCT_NOT_FOUND", "id"],
    ["a product id that cannot be", "GET", "/api/catalog/products?ids=a!", {}, 400, "INVALID_REQUEST", "ids"],
    [
      "a change to the catalog",
      "PUT",
      "/api/catalog/products/mug-steel",
      { body: {} },
      405,
      "METHOD_NOT_ALLOWED",
      "method",
    ],
    ["the catalog's admin route", "PUT", "/api/catalog/admin/faults", { body: {} }, 404, "NOT_FOUND", "path"],
    [
      "a stale If-Match",
      "DELETE",
      "/api/cart",
      { headers: { "if-match": '"9"' } },
      412,
      "VERSION_MISMATCH",
      "If-Match",
    ],
  ];
  for (const [what, method, path, options, status, code, field] of bad) {
    it(`refuses ${what} with ${status} ${code} about ${field}, and changes nothing`, async () => {
      await shopper.add("mug-steel", 1);
      const answer = await shopper.call(method, path, options);
      expectProblem(answer, status, code, field);
      expect(answer.body.instance, "the path that the client has asked for").to.equal(path.split("?")[0]);
      const described = pathIn(document, method, path);
      if (described !== undefined) expectDescribedAnswer(document, described, method, answer);
      if (status === 405) expect(answer.headers.get("allow")).to.match(/GET/);
      expect((await shopper.cart()).body).to.deep.include({ version: 1 });
    });
  }
});
