import { z } from "zod";
import type { Calls } from "../../platform/http/calls.ts";
import { ETAG, IDEMPOTENCY_KEY, OUTBOX_STATE, REPLAYED } from "../calls.ts";
import { cartSchema } from "../cart-schema.ts";
import { asObject } from "../input.ts";
import type { CartCode } from "../problem-codes.ts";
import { LINE_OUTCOMES, LINE_REASONS, STRATEGIES } from "./transfer.ts";

/** The gateway takes no longer one for a bearer token. */
const LONGEST_TOKEN = 8_192;

export const mergeBody = z.strictObject(
  {
    guestToken: z
      .string({ error: ({ input }) => (input === undefined ? "is required" : "must be a string") })
      .min(1, "must be a guest's access token")
      .max(LONGEST_TOKEN, `must have at most ${LONGEST_TOKEN} characters`)
      .describe("the guest's access token or refresh token: only who holds it can take the cart"),
    strategy: z
      .enum(STRATEGIES, `must be one of ${STRATEGIES.join(", ")}`)
      .default("max")
      .describe("of a product that both carts have"),
  },
  asObject,
);

const lineSchema = z.object({
  productId: z.string(),
  outcome: z
    .enum(LINE_OUTCOMES)
    .describe("merged: as the strategy says; kept: the user's stays; capped: less; dropped: nothing"),
  guestQuantity: z.int(),
  userQuantity: z.int().describe("before the merge"),
  quantity: z.int().describe("after it"),
  reason: z.enum(LINE_REASONS).optional().describe("of capped and dropped"),
});

export const MERGE_CALLS = {
  cartMerge: {
    method: "post",
    path: "/cart/merge",
    summary: "Move a guest's cart into one's own",
    parameters: [IDEMPOTENCY_KEY],
    body: mergeBody,
    answers: [
      {
        status: 200,
        description: "The user's cart after the merge, and what became of every line of either cart",
        headers: { ETag: ETAG, "Outbox-State": OUTBOX_STATE, "Idempotent-Replayed": REPLAYED },
        body: { name: "MergedCart", schema: z.object({ cart: cartSchema, lines: z.array(lineSchema) }) },
      },
    ],
    problems: [
      "INVALID_REQUEST",
      "UNAUTHENTICATED",
      "FORBIDDEN",
      "MERGE_CONFLICT",
      "PAYLOAD_TOO_LARGE",
      "UNSUPPORTED_MEDIA_TYPE",
      "IDEMPOTENCY_KEY_REUSED",
      "RATE_LIMITED",
      "CATALOG_UNAVAILABLE",
      "CART_STORE_FULL",
      "CART_STORE_UNAVAILABLE",
      "DEADLINE_PASSED",
      "INTERNAL",
    ],
  },
} as const satisfies Calls<CartCode>;
