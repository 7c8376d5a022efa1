import { createHash } from "node:crypto";

/** As wide as the column `orders.owner`. */
export const MOST_KEY_LENGTH = 140;

/** How much of a long owner is left readable before its hash. */
const READABLE = MOST_KEY_LENGTH - 1 - 64;

/**
 * By what an owner's orders are found: the owner or, where it is longer than the column, its beginning and
 * SHA-256. Owners are ASCII, so that none is called like the key of another.
 */
export function ownerKey(owner: string): string {
  if (owner.length <= MOST_KEY_LENGTH) return owner;
  return `${owner.slice(0, READABLE)}…${createHash("sha256").update(owner).digest("hex")}`;
}

/** The owner where its key is another one, else null. */
export function fullOwner(owner: string): string | null {
  return owner.length > MOST_KEY_LENGTH ? owner : null;
}
