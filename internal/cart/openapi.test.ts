import { expect } from "chai";
import { openApiDocument } from "./openapi.ts";

describe("The OpenAPI document", () => {
  const document = openApiDocument();

  it("describes every call of the cart", () => {
    const calls = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item)
        .filter((key) => key !== "parameters")
        .map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(calls).to.have.members([
      "GET /cart",
      "DELETE /cart",
      "POST /cart/items",
      "PUT /cart/items/{productId}",
      "DELETE /cart/items/{productId}",
    ]);
  });

  it("says what the validation says", () => {
    const { schema } = document.paths["/cart/items"].post.requestBody.content["application/json"];
    expect(schema).to.deep.include({ required: ["productId", "quantity"], additionalProperties: false });
    expect((schema.properties!.quantity as { minimum: number }).minimum).to.equal(1);
  });

  it("names the error codes under the statuses they come with", () => {
    const { responses } = document.paths["/cart/items"].post as unknown as {
      responses: Record<string, { description: string }>;
    };
    expect(responses["409"]!.description).to.equal("OUT_OF_STOCK, QUANTITY_LIMIT, LINE_LIMIT");
    expect(responses["503"]!.description).to.equal("CART_STORE_UNAVAILABLE, CATALOG_UNAVAILABLE");
    expect(responses["412"]!.description).to.equal("VERSION_MISMATCH");
  });
});
