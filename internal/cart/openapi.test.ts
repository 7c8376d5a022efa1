import { expect } from "chai";
import { createApp } from "../platform/http/app.ts";
import { openApiDocument } from "../platform/http/openapi.ts";
import { Registry } from "../platform/metrics/metrics.ts";
import { describedCalls, expectWellFormed, servedCalls } from "../testkit/openapi.ts";
import { recordingLogger } from "../testkit/recording-logger.ts";
import { cartSchema } from "./cart-schema.ts";
import type { Listing } from "./catalog/catalog.ts";
import { mergeRoutes } from "./merge/merge-routes.ts";
import { CART_API } from "./openapi.ts";
import { cartRoutes } from "./routes.ts";
import type { CartService } from "./service.ts";
import { viewOf } from "./view.ts";

describe("The cart's OpenAPI document", () => {
  const document = openApiDocument({ title: "Cart", server: "/api", apis: [CART_API] });

  it("describes every route that Express serves, and no other", () => {
    const identity = {} as Parameters<typeof cartRoutes>[2];
    const app = createApp({
      log: recordingLogger().log,
      registry: new Registry(),
      routes: (app) => {
        cartRoutes(app, {} as CartService, identity, document);
        mergeRoutes(app, async () => expect.fail("nothing is asked for"), identity);
      },
    });
    expect(describedCalls(document)).to.have.members(servedCalls(app));
    expect(describedCalls(document)).to.have.length(7);
  });

  it("is well-formed", () => expectWellFormed(document));

  it("says what the validation says", () => {
    const { requestBody } = document.paths["/cart/items"]!.post as unknown as {
      requestBody: { content: Record<string, { schema: Record<string, object> }> };
    };
    const { schema } = requestBody.content["application/json"]!;
    expect(schema).to.deep.include({ required: ["productId", "quantity"], additionalProperties: false });
    expect(((schema.properties as Record<string, object>).quantity as { minimum: number }).minimum).to.equal(
      1,
    );
  });

  it("says of a cart what the service answers", () => {
    const price = { amount: 100, currency: "EUR" };
    const items = ["a", "b", "c", "d"].map((productId) => ({ productId, quantity: 2 }));
    const known = { name: "A", price, stock: 5, asOf: 1 };
    const listings = new Map<string, Listing>([
      ["a", known],
      ["b", "gone"],
      ["c", { ...known, stock: 1 }],
    ]);
    const full = { cartId: "x", version: 3, items, expiresAt: "2026-11-25T00:00:00.000Z" };
    const empty = { cartId: null, version: 0, items: [], expiresAt: null };
    for (const view of [viewOf(full, listings, "EUR"), viewOf(empty, new Map(), "EUR")]) {
      expect(cartSchema.parse(view), "no field that the schema does not have").to.deep.equal(view);
    }
  });

  it("names the error codes under the statuses they come with", () => {
    const { responses } = document.paths["/cart/items"]!.post as unknown as {
      responses: Record<string, { description: string }>;
    };
    expect(responses["409"]!.description).to.equal("OUT_OF_STOCK, QUANTITY_LIMIT, LINE_LIMIT");
    expect(responses["503"]!.description).to.equal(
      "CART_STORE_UNAVAILABLE, DEADLINE_PASSED, CART_STORE_FULL, CATALOG_UNAVAILABLE",
    );
    expect(responses["412"]!.description).to.equal("VERSION_MISMATCH");
  });
});
