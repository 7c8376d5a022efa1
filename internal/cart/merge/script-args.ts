import { newId } from "../../platform/uuid/new-id.ts";
import { IDEMPOTENCY_TTL_MS, MERGES_KEEP } from "../keys.ts";
import type { MergeRequest } from "./merge-store.ts";
import type { Transfer } from "./transfer.ts";

/** What every outcome is remembered with under its natural key; nothing else is ever asked for under it. */
export const NATURAL = "merge";
export const naturalKey = ({ cartId, version }: { cartId: string; version: number }) =>
  `${cartId} ${version}`;
/** Apart from natural keys, whatever a client sends. */
export const clientKey = (key: string) => `client ${key}`;
/** What must be equal for two merges with one Idempotency-Key to be the same. */
export const requestOf = ({ guest, strategy }: Pick<MergeRequest, "guest" | "strategy">) =>
  `${strategy} ${guest}`;

/** See lua/take.lua; with null it takes nothing. */
export function takeArgs(guest: string, transfer: Transfer | null) {
  const owner = { owner: guest, owner_json: JSON.stringify(guest) };
  if (transfer === null) return { ...owner, cart: "", version: 0 };
  const { user, cartId, version, strategy, traceparent } = transfer;
  const lines = transfer.lines.map(({ productId, quantity }) => ({ productId, quantity }));
  return {
    ...owner,
    event: newId(),
    trace: traceparent ?? "",
    cart: cartId,
    version,
    user,
    change: JSON.stringify({ type: "cart-merged", into: user, strategy, lines }),
  };
}

/** See lua/give.lua. */
export function giveArgs(transfer: Transfer) {
  const { user, cartId, version, strategy, lines, idempotencyKey, traceparent } = transfer;
  return {
    owner: user,
    owner_json: JSON.stringify(user),
    ttl: transfer.ttlMs,
    grace: transfer.graceMs,
    key: naturalKey(transfer),
    request: NATURAL,
    ...(idempotencyKey !== null && {
      client_key: clientKey(idempotencyKey),
      client_request: requestOf(transfer),
    }),
    remember: IDEMPOTENCY_TTL_MS,
    keep: MERGES_KEEP,
    event: newId(),
    expiry_event: newId(),
    cart: newId(),
    trace: traceparent ?? "",
    max_lines: transfer.maxLines,
    max_quantity: transfer.maxQuantity,
    strategy,
    lines: lines.map(({ productId, quantity, stock }) => ({ product: productId, quantity, stock })),
    change: JSON.stringify({ type: "merged", from: cartId, fromVersion: version, strategy }),
  };
}
