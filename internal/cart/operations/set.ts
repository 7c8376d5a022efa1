import { z } from "zod";
import { asObject, quantity } from "../input.ts";
import type { Operation } from "./operation.ts";

export const set: Operation = {
  name: "set",
  method: "put",
  path: "/cart/items/{productId}",
  summary: "Set the quantity of a product; 0 removes it",
  body: z.strictObject({ quantity: quantity(0) }, asObject),
  asksCatalog: ({ quantity }) => quantity !== 0,
  args: ({ productId, quantity }) => ({ product: productId, quantity }),
  script: new URL("../lua/set.lua", import.meta.url),
  refusals: ["OUT_OF_STOCK", "QUANTITY_LIMIT", "LINE_LIMIT"],
};
