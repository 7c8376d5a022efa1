import { z } from "zod";
import { productId } from "../../platform/product/product-id.ts";
import { asObject, quantity } from "../input.ts";
import type { Operation } from "./operation.ts";

export const add: Operation = {
  name: "add",
  method: "post",
  path: "/cart/items",
  summary: "Add to the quantity of a product",
  body: z.strictObject({ productId, quantity: quantity(1) }, asObject),
  asksCatalog: () => true,
  args: ({ productId, quantity }) => ({ product: productId, quantity }),
  script: new URL("../lua/add.lua", import.meta.url),
  refusals: ["OUT_OF_STOCK", "QUANTITY_LIMIT", "LINE_LIMIT"],
};
