import { z } from "zod";
import { invalid, type Problem } from "../problem/problem.ts";
import { err, ok, type Result } from "../result/result.ts";
import type { Parameter } from "./calls.ts";
import { readStringItem } from "./structured-field.ts";

const BARE_KEY = /^[\x21\x23-\x7e][\x21-\x7e]*$/;
const LONGEST_KEY = 255;

/** The header as calls describe it; `answer` is what a repeat gets. */
export function idempotencyKey(answer: string) {
  return {
    name: "Idempotency-Key",
    in: "header",
    description: `1 to ${LONGEST_KEY} characters, best in quotes; a repeat with the same key changes nothing and gets ${answer}, for 24 hours`,
    schema: z.string().min(1),
  } as const satisfies Parameter;
}

/**
 * An Idempotency-Key: a structured-field string in quotes (draft-ietf-httpapi-idempotency-key-header), whose
 * parameters mean nothing here, or bare, which is the same key. Null when the request has none; a fault of
 * the request when it is neither, or not of 1 to 255 characters.
 */
export function readIdempotencyKey(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Result<string | null, Problem> {
  const given = headers["idempotency-key"];
  if (given === undefined) return ok(null);
  const value = String(given);
  const key = readStringItem(value) ?? (BARE_KEY.test(value) ? value : "");
  if (key.length >= 1 && key.length <= LONGEST_KEY) return ok(key);
  return err(invalid("Idempotency-Key", `must be 1 to ${LONGEST_KEY} ASCII characters, best in quotes`));
}
