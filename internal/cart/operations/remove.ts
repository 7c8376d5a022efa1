import type { Operation } from "./operation.ts";

export const remove: Operation = {
  name: "remove",
  method: "delete",
  path: "/cart/items/{productId}",
  summary: "Remove a product",
  body: null,
  asksCatalog: null,
  args: ({ productId }) => ({ product: productId }),
  script: new URL("../lua/remove.lua", import.meta.url),
  refusals: [],
};
