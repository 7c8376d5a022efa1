import { createHash } from "node:crypto";
import type { RememberedRequest } from "./order-store.ts";

/**
 * A request with an Idempotency-Key as it is remembered: whose it is, what it is sent to, and its body, as
 * the JSON value that it is, whatever the order of its fields.
 */
export function requestOf(parts: {
  readonly owner: string;
  readonly method: string;
  readonly path: string;
  readonly key: string;
  readonly body: unknown;
}): RememberedRequest {
  const { owner, method, path, key, body } = parts;
  return { id: digest([owner, method, path, key]), hash: digest(canonical(body ?? null)) };
}

/** The same for equal JSON values: an object's fields go in the order of their names. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return { object: fields.map(([name, each]) => [name, canonical(each)]) };
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
