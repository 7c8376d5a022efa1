import { z } from "zod";
import { deadlineOf } from "../platform/http/deadline.ts";
import { readIdempotencyKey } from "../platform/http/idempotency-key.ts";
import { invalid, type Problem } from "../platform/problem/problem.ts";
import { isProductId, PRODUCT_ID_RULE } from "../platform/product/product-id.ts";
import { err, ok, type Result } from "../platform/result/result.ts";
import { requestTraceparent } from "../platform/telemetry/request-traceparent.ts";
import type { Preconditions, Tags } from "./store/store.ts";

/**
 * Beyond every limit that can be configured, so that the
 * limit's own error answers what a person may have meant.
 */
const MOST = 1_000_000;

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
  return isProductId(value) ? ok(value) : err(invalid("productId", PRODUCT_ID_RULE));
}

/** Empty members of the list are none (RFC 9110 section 5.6.1.2). */
const ENTITY_TAGS = /^[\s,]*(W\/)?"[\x21\x23-\x7e]*"(\s*,[\s,]*(W\/)?"[\x21\x23-\x7e]*")*[\s,]*$/;
const OWN_TAG = /^"(0|[1-9]\d{0,14})"$/;
/**
 * `If-Match` and `If-None-Match` (RFC 9110 section 13.1), `Idempotency-Key` and `traceparent`. Entity tags
 * that are well-formed but not ours match no version, and weak ones for If-Match neither; a malformed header
 * is a fault of the request.
 */
export function readPreconditions(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Result<Preconditions, Problem> {
  const ifMatch = readTags("If-Match", headers["if-match"], (tag) => tag);
  if (!ifMatch.ok) return ifMatch;
  // Compared weakly: a weak tag is as good as ours.
  const ifNoneMatch = readTags("If-None-Match", headers["if-none-match"], (tag) => tag.replace(/^W\//, ""));
  if (!ifNoneMatch.ok) return ifNoneMatch;
  const key = readIdempotencyKey(headers);
  if (!key.ok) return key;
  return ok({
    ifMatch: ifMatch.value,
    ifNoneMatch: ifNoneMatch.value,
    idempotencyKey: key.value,
    traceparent: requestTraceparent(headers),
    deadline: deadlineOf(headers),
  });
}

function readTags(
  name: string,
  value: string | string[] | undefined,
  comparable: (tag: string) => string,
): Result<Tags | null, Problem> {
  if (value === undefined) return ok(null);
  const text = String(value).trim();
  if (text === "*") return ok("*");
  if (text.length > 1024 || !ENTITY_TAGS.test(text))
    return err(invalid(name, 'must be * or a list of entity tags such as "3"'));
  const tags = text.split(",").map((tag) => comparable(tag.trim()));
  return ok(tags.flatMap((tag) => OWN_TAG.exec(tag)?.[1] ?? []).map(Number));
}

/** Whether a cart at `version` is one of `tags`; `*` is any cart, and at version 0 there is none. */
export function matches(tags: Tags, version: number): boolean {
  return tags === "*" ? version > 0 : tags.includes(version);
}
