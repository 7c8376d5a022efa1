import type { IncomingHttpHeaders } from "node:http";

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);
const IDEMPOTENT = new Set(["PUT", "DELETE"]);

/**
 * True when a request whose answer was lost may be sent again, because acting on it twice comes to the same
 * (RFC 9110 section 9.2.2) or the service remembers its Idempotency-Key. A change with a precondition needs
 * the key: if the first one was carried out, the second would be told 412 for what has succeeded.
 */
export function mayRepeat(method: string, headers: IncomingHttpHeaders): boolean {
  if (SAFE.has(method) || headers["idempotency-key"] !== undefined) return true;
  const conditional = headers["if-match"] !== undefined || headers["if-none-match"] !== undefined;
  return IDEMPOTENT.has(method) && !conditional;
}
