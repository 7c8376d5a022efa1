import { crc16 } from "../platform/redis/crc16.ts";

/** How long the outcome of a request with an Idempotency-Key is remembered, in ms. */
export const IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1000;

/** The shard of an owner, fixed for the life of the data; also the outbox partition of its events. */
export function shardOf(owner: string, shards: number): number {
  return crc16(owner) % shards;
}

/** The keys of one shard; its number is the hash tag, so whatever a script touches lies in one Redis Cluster slot. */
export const shardKeys = {
  cart: (shard: number, owner: string) => `cart:{${shard}}:${owner}`,
  stream: (shard: number) => `outbox:{${shard}}`,
  expiry: (shard: number) => `expiry:{${shard}}`,
  ordinal: (shard: number) => `ordinal:{${shard}}`,
  idempotency: (shard: number, owner: string, key: string) => `idem:{${shard}}:${owner}:${key}`,
};
