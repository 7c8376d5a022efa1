import { z } from "zod";
import { invalid, type Problem } from "../platform/problem/problem.ts";
import { err, ok, type Result } from "../platform/result/result.ts";
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

const ENTITY_TAGS = /^\s*(W\/)?"[\x21\x23-\x7e]*"(\s*,\s*(W\/)?"[\x21\x23-\x7e]*")*\s*$/;
const OWN_TAG = /^"(0|[1-9]\d{0,14})"$/;
const QUOTED_KEY = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;
const BARE_KEY = /^[\x21\x23-\x7e][\x21-\x7e]*$/;
const LONGEST_KEY = 255;

/**
 * An Idempotency-Key: a structured-field string in quotes (draft-ietf-httpapi-idempotency-key-header), or
 * bare, which is the same key. Null when it is neither, or not of 1 to 255 characters.
 */
function readIdempotencyKey(value: string): string | null {
  const quoted = QUOTED_KEY.exec(value)?.[1]?.replace(/\\(.)/g, "$1");
  const key = quoted ?? (BARE_KEY.test(value) ? value : "");
  return key.length >= 1 && key.length <= LONGEST_KEY ? key : null;
}

/**
 * `If-Match` (RFC 9110 section 13.1.1), `Idempotency-Key` and `traceparent`. Entity tags that are well-formed
 * but not ours, weak ones among them, match no version; a malformed header is a fault of the request.
 */
export function readPreconditions(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Result<Preconditions, Problem> {
  const tags = headers["if-match"];
  const key = headers["idempotency-key"];
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
  const idempotencyKey = key === undefined ? null : readIdempotencyKey(String(key));
  if (key !== undefined && idempotencyKey === null) {
    return err(invalid("Idempotency-Key", `must be 1 to ${LONGEST_KEY} ASCII characters, best in quotes`));
  }
  return ok({ ifMatch, idempotencyKey, traceparent: isTraceparent(trace) ? trace : null });
}
