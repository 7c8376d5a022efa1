import { randomFillSync } from "node:crypto";

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * True for a W3C Trace Context `traceparent` of version 00
 * (https://www.w3.org/TR/trace-context/#traceparent-header).
 */
export function isTraceparent(value: unknown): value is string {
  return typeof value === "string" && TRACEPARENT.test(value);
}

const ID_BYTES = 24;

/** Random bytes for the next traces: one call for many costs a tenth of one call each. */
const pool = Buffer.allocUnsafeSlow(ID_BYTES * 256);
let used = pool.length;

/** Starts a new trace, unsampled, for a request that arrived without one. */
export function newTraceparent(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const ids = pool.toString("hex", used, used + ID_BYTES);
  used += ID_BYTES;
  return `00-${ids.slice(0, 32)}-${ids.slice(32)}-00`;
}
