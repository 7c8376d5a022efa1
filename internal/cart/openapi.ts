import type { Api } from "../platform/http/openapi.ts";
import { CART_CALLS, CART_DESCRIPTION } from "./calls.ts";
import { MERGE_CALLS } from "./merge/merge-calls.ts";
import { CART_PROBLEMS } from "./problem-codes.ts";

/** All that can be done with carts but ordering them; pure, so that the gateway can describe it too. */
export const CART_API: Api = {
  calls: { ...CART_CALLS, ...MERGE_CALLS, ...CART_DESCRIPTION },
  problems: CART_PROBLEMS,
};
