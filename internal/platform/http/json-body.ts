import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import express, { type RequestHandler } from "express";
import type { z } from "zod";
import { invalid, type Problem, ProblemError } from "../problem/problem.ts";
import { err, ok, type Result } from "../result/result.ts";
import { outlineOf, repeatsKey } from "./strict-json.ts";

/** Levels of arrays and objects that a body may have, so that whoever walks its value may recurse. */
const MOST_LEVELS = 32;

/**
 * Parses a JSON request body of at most `limitBytes`; anything else is refused with a problem that names the
 * fault: 415 for another content type, 413 over the limit, 400 for malformed JSON, for bytes that are not
 * UTF-8, for a key named twice and for more than {@link MOST_LEVELS}. The body is not yet validated.
 */
export function jsonBody(limitBytes: number): RequestHandler {
  const read = express.raw({ limit: limitBytes, inflate: false, type: () => true });
  return (req, res, next) => {
    const undeclared = declarationFault(req.headers, hasBody(req.headers));
    if (undeclared !== undefined) return next(new ProblemError(undeclared));
    read(req, res, (error?: unknown) => {
      const body = error ? err(problemOf(error, limitBytes)) : parseJson(req, req.body);
      if (!body.ok) return next(new ProblemError(body.error));
      req.body = body.value;
      next();
    });
  };
}

/**
 * The same for a body that has been read: null for none. Refuses what {@link jsonBody} does, but for the
 * length, which whoever read it has bounded. Never throws: it also runs outside of Express.
 */
export function parseJson(req: IncomingMessage, bytes: Buffer | null): Result<unknown, Problem> {
  const fault = declarationFault(req.headers, bytes !== null && bytes.length > 0);
  if (fault !== undefined) return err(fault);
  if (!isUtf8(bytes!)) return err(NOT_UTF8);
  const outline = outlineOf(bytes!);
  if (outline.depth > MOST_LEVELS) return err(TOO_DEEP);
  try {
    const value: unknown = JSON.parse(bytes!.toString());
    return repeatsKey(outline, value) ? err(AMBIGUOUS) : ok(value);
  } catch {
    return err(MALFORMED);
  }
}

/** What the headers say of a body that rules it out. */
function declarationFault(headers: IncomingHttpHeaders, isThere: boolean): Problem | undefined {
  const { "content-type": type, "content-encoding": encoding } = headers;
  const isJson = type !== undefined && /^application\/json\s*(;|$)/i.test(type);
  if (!isThere && (isJson || type === undefined)) return MISSING;
  if (!isJson) return unsupported("Content-Type", "must be application/json");
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(type)?.[1] ?? "utf-8";
  if (!/^utf-?8$/i.test(charset)) return unsupported("Content-Type", "must use UTF-8");
  if (encoding !== undefined && encoding.toLowerCase() !== "identity")
    return unsupported("Content-Encoding", "must be absent");
  return undefined;
}

/** Validates `value` against `schema`, naming every field at fault; the first leads. */
export function validate<T>(schema: z.ZodType<T>, value: unknown): Result<T, Problem> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const errors = parsed.error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({
          field: key.slice(0, 64),
          message: "is not a field of this request; remove it",
        }))
      : [{ field: issue.path.join(".") || "body", message: issue.message }],
  );
  const first = errors[0];
  return err({
    code: "INVALID_REQUEST",
    detail: `${first?.field}: ${first?.message}`,
    errors: errors.slice(0, 20),
  });
}

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function problemOf(error: unknown, limitBytes: number): Problem {
  if ((error as { type?: string }).type !== "entity.too.large") return invalid("body", "could not be read");
  return {
    code: "PAYLOAD_TOO_LARGE",
    detail: `The body may have at most ${limitBytes} bytes.`,
    errors: [{ field: "body", message: `must have at most ${limitBytes} bytes` }],
  };
}

const MISSING = invalid("body", "is missing; send a JSON object");
const MALFORMED = invalid("body", "is not well-formed JSON");
const NOT_UTF8 = invalid("body", "must be UTF-8");
const AMBIGUOUS = invalid("body", "must name each key of an object once");
const TOO_DEEP = invalid("body", `must be nested at most ${MOST_LEVELS} levels deep`);

function unsupported(field: string, message: string): Problem {
  return { code: "UNSUPPORTED_MEDIA_TYPE", detail: `${field} ${message}.`, errors: [{ field, message }] };
}
