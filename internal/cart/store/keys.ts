/**
 * How long the outcome of a request with an Idempotency-Key is remembered, in ms, and how many of one owner.
 */
export const IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1000;
export const IDEMPOTENCY_KEEP = 32;

/**
 * For how long a checkout keeps others of the same cart away, in ms, when it does not end before; and for how
 * long a merge leaves the cart alone while nobody knows whether the checkout led to an order.
 */
export const CLAIM_TTL_MS = 5_000;
export const UNDECIDED_TTL_MS = 24 * 60 * 60 * 1000;

/** How many entries about a user's merges are kept likewise: outcomes, and the clients' names for them. */
export const MERGES_KEEP = 64;

/**
 * The keys of one shard; its number is the hash tag, so whatever a script
 * touches lies in one Redis Cluster slot. What is an owner's has the owner as
 * its last part, which may hold any character: no two owners share a key.
 */
export const shardKeys = {
  cart: (shard: number, owner: string) => `cart:{${shard}}:${owner}`,
  stream: (shard: number) => `outbox:{${shard}}`,
  /** Entries of the stream that can become no event, for whoever looks into them. */
  setAside: (shard: number) => `outbox-dead:{${shard}}`,
  expiry: (shard: number) => `expiry:{${shard}}`,
  /** Sorted set of the owners whose carts were told to be near their end, by the end told of. */
  expiring: (shard: number) => `expiring:{${shard}}`,
  ordinal: (shard: number) => `ordinal:{${shard}}`,
  idempotency: (shard: number, owner: string) => `idem:{${shard}}:${owner}`,
  /** Whose checkout of the owner's cart is under way. */
  claim: (shard: number, owner: string) => `checkout:{${shard}}:${owner}`,
  /** What was merged into a user's cart. No owner begins with `merge:`. */
  merges: (shard: number, user: string) => `idem:{${shard}}:merge:${user}`,
  /** A guest's cart on its way to a user, and for a day where it went. */
  transfer: (shard: number, guest: string) => `transfer:{${shard}}:${guest}`,
  /** Sorted set of the guests whose transfers wait, by since when. */
  transfers: (shard: number) => `transfers:{${shard}}`,
};
