import type { Operation } from "./operation.ts";

export const clear: Operation = {
  name: "clear",
  method: "delete",
  path: "/cart",
  summary: "Clear the cart",
  body: null,
  asksCatalog: null,
  args: () => ({}),
  script: new URL("../lua/clear.lua", import.meta.url),
  refusals: [],
};
