import { randomInt } from "node:crypto";
import { IDENTITY_HEADER } from "../../platform/identity/internal-token.ts";
import catalog from "./catalog.json" with { type: "json" };
import type { Request } from "./http-load.ts";
import type { Stage } from "./stage.ts";

export const PRODUCTS: readonly string[] = catalog.map((product) => product.id);

/** What products of the bench's catalog cost. */
export function pricesOf(ids: readonly string[]) {
  return ids.map((id) => catalog.find((product) => product.id === id)!.price);
}

export const ownerNumber = (n: number) => `user:bench-${n}`;

/** `count` owners, every `step`th of them all. */
export function* numberedOwners(count: number, step: number): Generator<string> {
  for (let n = 0; n < count; n++) yield ownerNumber(n * step);
}

/** `count` different numbers below `limit`, in no order. */
export function differentNumbers(count: number, limit: number): ReadonlySet<number> {
  if (count > limit) throw new Error(`there are no ${count} different numbers below ${limit}`);
  const numbers = new Set<number>();
  while (numbers.size < count) numbers.add(randomInt(limit));
  return numbers;
}

/**
 * Headers of a request that comes from the gateway; the bare contenders read only the owner.
 * Another `guest` makes another token of the same owner.
 */
export async function headersOf(
  stage: Stage,
  owner: string,
  guest?: string,
): Promise<Record<string, string>> {
  return {
    [IDENTITY_HEADER]: await stage.identity(owner, guest),
    owner,
    traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  };
}

/** An add of one piece. */
export async function addOf(
  stage: Stage,
  owner: string,
  productId: string,
  guest?: string,
): Promise<Request> {
  const headers = await headersOf(stage, owner, guest);
  return { method: "POST", path: "/cart/items", headers, body: { productId, quantity: 1 } };
}

/** Adds of one piece each: `lines` products for each owner, owner after owner changing fastest. */
export async function adds(stage: Stage, owners: readonly string[], lines: number): Promise<Request[]> {
  const headers = await Promise.all(owners.map((owner) => headersOf(stage, owner)));
  return PRODUCTS.slice(0, lines).flatMap((productId) =>
    headers.map((header) => ({
      method: "POST" as const,
      path: "/cart/items",
      headers: header,
      body: { productId, quantity: 1 },
    })),
  );
}

/** Reads of the owners' carts. */
export async function reads(stage: Stage, owners: readonly string[]): Promise<Request[]> {
  const headers = await Promise.all(owners.map((owner) => headersOf(stage, owner)));
  return headers.map((header) => ({ method: "GET" as const, path: "/cart", headers: header }));
}
