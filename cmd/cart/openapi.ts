import { cartSchema } from "../../internal/cart/cart-schema.ts";
import { CART_API } from "../../internal/cart/openapi.ts";
import { ordersApi } from "../../internal/orders/calls.ts";
import { openApiDocument } from "../../internal/platform/http/openapi.ts";

/** What `/cart/openapi.json` answers: all that the process has for clients, who see it below `/api`. */
export const CART_DOCUMENT = openApiDocument({
  title: "Cartwright carts and orders",
  server: "/api",
  apis: [CART_API, ordersApi(cartSchema)],
});
