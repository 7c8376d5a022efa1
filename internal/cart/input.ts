import { z } from "zod";
import { readIdempotencyKey } from "../platform/http/idempotency-key.ts";
import { invalid, type Problem } from "../platform/problem/problem.ts";
import { err, ok, type Result } from "../platform/result/result.ts";
import { activeTraceparent } from "../platform/telemetry/telemetry.ts";
import { isTraceparent } from "../platform/trace/traceparent.ts";
import type { Preconditions } from "./store.ts";

const PRODUCT_ID = /^[A-Za-z0-9._-]{1,64}$/;
const PRODUCT_ID_RULE = "must be 1 to 64 of the characters A-Z a-z 0-9 . _ -";

/**
 * Beyond every limit that can be configured, so that the
 * limit's own error answers what a person may have meant.
 */
const MOST = 1_000_000;

export const productId = z
  .string({ error: (issue) => (issue.input === undefined ? "is required" : "must be a string") })
  .regex(PRODUCT_ID, PRODUCT_ID_RULE);

export const quantity = (least: number) =>
  z
    .number({
      error: ({ input }) =>
        input === undefined ? "is required" : `must be a whole number, not ${kindOf(input)}`,
    })
    .int("must be a whole number")
    .min(least, `must be at least ${least}`)
    .max(MOST, `must be at most ${MOST}`);

/** What a JSON value is, in words for a client. */
function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return "text";
  return typeof value === "boolean" ? String(value) : "an object";
}

export const asObject = { error: "must be a JSON object" };

/** The product id of the path. */
export function readProductId(value: unknown): Result<string, Problem> {
  return typeof value === "string" && PRODUCT_ID.test(value)
    ? ok(value)
    : err(invalid("productId", PRODUCT_ID_RULE));
}

/** Empty members of the list are none (RFC 9110 section 5.6.1.2). */
const ENTITY_TAGS = /^[\s,]*(W\/)?"[\x21\x23-\x7e]*"(\s*,[\s,]*(W\/)?"[\x21\x23-\x7e]*")*[\s,]*$/;
const OWN_TAG = /^"(0|[1-9]\d{0,14})"$/;
/**
 * `If-Match` (RFC 9110 section 13.1.1), `Idempotency-Key` and `traceparent`. Entity tags that are well-formed
 * but not ours, weak ones among them, match no version; a malformed header is a fault of the request.
 */
export function readPreconditions(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Result<Preconditions, Problem> {
  const tags = headers["if-match"];
  const trace = headers.traceparent;
  let ifMatch: Preconditions["ifMatch"] = null;
  if (tags !== undefined) {
    const text = String(tags).trim();
    if (text === "*") ifMatch = "*";
    else if (text.length > 1024 || !ENTITY_TAGS.test(text)) {
      return err(invalid("If-Match", 'must be * or a list of entity tags such as "3"'));
    } else {
      ifMatch = text
        .split(",")
        .flatMap((tag) => OWN_TAG.exec(tag.trim())?.[1] ?? [])
        .map(Number);
    }
  }
  const key = readIdempotencyKey(headers);
  if (!key.ok) return key;
  const traceparent = activeTraceparent() ?? (isTraceparent(trace) ? trace : null);
  return ok({ ifMatch, idempotencyKey: key.value, traceparent });
}
