import { newId } from "../../platform/uuid/new-id.ts";
import { IDEMPOTENCY_TTL_MS, MERGES_KEEP } from "../store/keys.ts";
import type { GoneCart, MergeRequest } from "./merge-store.ts";
import type { Transfer } from "./transfer.ts";

/** What every outcome is remembered with under its natural key; nothing else is ever asked for under it. */
const NATURAL = "merge";
const naturalKey = ({ cartId, version }: { cartId: string; version: number }) => `${cartId} ${version}`;
/** Apart from natural keys, whatever a client sends. */
const clientKey = (key: string) => `client ${key}`;
/** What must be equal for two merges with one Idempotency-Key to be the same. */
const requestOf = ({ guest, strategy }: Pick<MergeRequest, "guest" | "strategy">) => `${strategy} ${guest}`;

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

/** For lua/give.lua and lua/recall.lua: by what else the client knows the outcome. */
function clientArgs(request: Pick<MergeRequest, "idempotencyKey" | "guest" | "strategy">) {
  const kept = { remember: IDEMPOTENCY_TTL_MS, keep: MERGES_KEEP };
  if (request.idempotencyKey === null) return kept;
  return { ...kept, client_key: clientKey(request.idempotencyKey), client_request: requestOf(request) };
}

/** See lua/recall.lua: an outcome by its natural key, which the request asks for. */
export const outcomeArgs = (request: MergeRequest, cart: GoneCart) => ({
  key: naturalKey(cart),
  request: NATURAL,
  ...clientArgs(request),
});

/** See lua/recall.lua: an outcome by the client's key alone. */
export const recallArgs = (request: MergeRequest & { readonly idempotencyKey: string }) => ({
  key: clientKey(request.idempotencyKey),
  request: requestOf(request),
});

/** See lua/give.lua. */
export function giveArgs(transfer: Transfer, settled: string | null) {
  const { user, cartId, version, strategy, lines, traceparent } = transfer;
  return {
    owner: user,
    owner_json: JSON.stringify(user),
    ttl: transfer.ttlMs,
    grace: transfer.graceMs,
    key: naturalKey(transfer),
    request: NATURAL,
    ...clientArgs(transfer),
    event: newId(),
    expiry_event: newId(),
    cart: newId(),
    trace: traceparent ?? "",
    max_lines: transfer.maxLines,
    max_quantity: transfer.maxQuantity,
    strategy,
    ...(settled !== null && { settled }),
    lines: lines.map(({ productId, quantity, stock }) => ({ product: productId, quantity, stock })),
    change: JSON.stringify({ type: "merged", from: cartId, fromVersion: version, strategy }),
  };
}
