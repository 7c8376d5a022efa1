import { cartSchema } from "../../internal/cart/cart-schema.ts";
import { CART_API } from "../../internal/cart/openapi.ts";
import { CATALOG_API } from "../../internal/catalog/calls.ts";
import { publicDocument } from "../../internal/gateway/openapi.ts";
import { ordersApi } from "../../internal/orders/calls.ts";

/** What `/api/openapi.json` answers; the services behind the gateway describe themselves, in code. */
export const PUBLIC_API = publicDocument({ cart: [CART_API, ordersApi(cartSchema)], catalog: [CATALOG_API] });
