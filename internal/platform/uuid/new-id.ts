import { randomFillSync } from "node:crypto";
import { v7 } from "uuid";

const ID_BYTES = 16;

/** Random bytes for the next ids: one call for many costs a tenth of one call each. */
const pool = Buffer.allocUnsafeSlow(ID_BYTES * 512);
let used = pool.length;

/** A new UUIDv7 (RFC 9562, section 5.7): rises with the millisecond of its making. */
export function newId(): string {
  return v7({ rng: nextRandom });
}

function nextRandom(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += ID_BYTES;
  return pool.subarray(used - ID_BYTES, used);
}
