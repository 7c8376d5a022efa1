import { invalid, type Problem } from "../problem/problem.ts";
import { err, ok, type Result } from "../result/result.ts";

/**
 * Refuses `If-Match` and `If-None-Match` of a call that `what` names and that compares no version: who sends
 * one relies on it (RFC 9110 section 13.1).
 */
export function refusePreconditions(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  what: string,
): Result<null, Problem> {
  for (const name of ["If-Match", "If-None-Match"])
    if (headers[name.toLowerCase()] !== undefined)
      return err(invalid(name, `is not taken by ${what}; leave it out`));
  return ok(null);
}
