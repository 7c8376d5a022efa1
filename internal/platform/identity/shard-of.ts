import { crc16 } from "../redis/crc16.ts";

/**
 * The shard of an owner, from 0 to `shards` - 1, fixed for the life of the data: where a cart lies in Redis,
 * the outbox partition of its events, and which replica of the cart service a gateway prefers for it.
 */
export function shardOf(owner: string, shards: number): number {
  return crc16(owner) % shards;
}
