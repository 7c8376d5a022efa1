import { expect } from "chai";
import type { Express } from "express";
import { openApiDocument } from "./openapi.ts";
import { cartRoutes } from "./routes.ts";
import type { CartService } from "./service.ts";

describe("The OpenAPI document", () => {
  const document = openApiDocument();

  it("describes every route that Express serves, and no other", () => {
    const served: string[] = [];
    const recorder = (path: string) => {
      const route = { all: () => route } as Record<string, unknown>;
      for (const method of ["get", "post", "put", "delete"])
        route[method] = () => served.push(`${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
      return route;
    };
    const app = { use: () => {}, route: recorder } as unknown as Express;
    cartRoutes(app, {} as CartService, {} as Parameters<typeof cartRoutes>[2]);
    const described = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    );
    expect(described).to.have.members(served.filter((call) => call !== "get /cart/openapi.json"));
    expect(described).to.have.length(5);
  });

  it("says what the validation says", () => {
    const { requestBody } = document.paths["/cart/items"]!.post as {
      requestBody: { content: Record<string, { schema: Record<string, object> }> };
    };
    const { schema } = requestBody.content["application/json"]!;
    expect(schema).to.deep.include({ required: ["productId", "quantity"], additionalProperties: false });
    expect(((schema.properties as Record<string, object>).quantity as { minimum: number }).minimum).to.equal(
      1,
    );
  });

  it("names the error codes under the statuses they come with", () => {
    const { responses } = document.paths["/cart/items"]!.post as {
      responses: Record<string, { description: string }>;
    };
    expect(responses["409"]!.description).to.equal("OUT_OF_STOCK, QUANTITY_LIMIT, LINE_LIMIT");
    expect(responses["503"]!.description).to.equal(
      "CART_STORE_UNAVAILABLE, CART_STORE_FULL, CATALOG_UNAVAILABLE",
    );
    expect(responses["412"]!.description).to.equal("VERSION_MISMATCH");
  });
});
