import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import express, { type RequestHandler, type Response } from "express";
import type { z } from "zod";
import { invalid, type Problem, ProblemError } from "../problem/problem.ts";
import { err, ok, type Result } from "../result/result.ts";
import { repeatsKey } from "./strict-json.ts";

/**
 * Parses a JSON request body of at most `limitBytes`; anything else is refused
 * with a problem that names the fault: 415 for another content type, 413 over
 * the limit, 400 for malformed JSON, for bytes that are not UTF-8 and for a key named twice. The body is not
 * yet validated.
 */
export function jsonBody(limitBytes: number): RequestHandler {
  const parse = express.json({
    limit: limitBytes,
    strict: false,
    inflate: false,
    verify: (_req, res, bytes) => {
      (res as Response).locals.bytes = bytes;
    },
  });
  return (req, res, next) => {
    const isJson = Boolean(req.is("application/json"));
    if (!hasBody(req.headers) && (isJson || req.headers["content-type"] === undefined)) {
      next(new ProblemError(MISSING));
      return;
    }
    if (!isJson) {
      next(new ProblemError(unsupported("Content-Type", "must be application/json")));
      return;
    }
    parse(req, res, (error?: unknown) => {
      const problem = error ? problemOf(error, limitBytes) : ambiguity(res.locals.bytes, req.body);
      next(problem && new ProblemError(problem));
    });
  };
}

/**
 * The same for a body that has been read: null for none. Refuses what {@link jsonBody} does, but for the
 * length, which whoever read it has bounded.
 */
export function parseJson(req: IncomingMessage, bytes: Buffer | null): Result<unknown, Problem> {
  const { "content-type": type, "content-encoding": encoding } = req.headers;
  const isJson = type !== undefined && /^application\/json\s*(;|$)/i.test(type);
  if ((bytes === null || bytes.length === 0) && (isJson || type === undefined)) return err(MISSING);
  if (!isJson) return err(unsupported("Content-Type", "must be application/json"));
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(type)?.[1] ?? "utf-8";
  if (!/^utf-?8$/i.test(charset)) return err(unsupported("Content-Type", "must use UTF-8"));
  if (encoding !== undefined && encoding.toLowerCase() !== "identity")
    return err(unsupported("Content-Encoding", "must be absent"));
  if (!isUtf8(bytes!)) return err(NOT_UTF8);
  let value: unknown;
  try {
    value = JSON.parse(bytes!.toString());
  } catch {
    return err(MALFORMED);
  }
  const problem = ambiguity(bytes!, value);
  return problem === undefined ? ok(value) : err(problem);
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

/** What two readers of the same bytes would understand differently. */
function ambiguity(bytes: Buffer, value: unknown): Problem | undefined {
  if (!isUtf8(bytes)) return NOT_UTF8;
  if (repeatsKey(bytes.toString(), value)) return invalid("body", "must name each key of an object once");
  return undefined;
}

function hasBody(headers: Record<string, unknown>): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function problemOf(error: unknown, limitBytes: number): Problem {
  const type = (error as { type?: string }).type;
  switch (type) {
    case "entity.too.large":
      return {
        code: "PAYLOAD_TOO_LARGE",
        detail: `The body may have at most ${limitBytes} bytes.`,
        errors: [{ field: "body", message: `must have at most ${limitBytes} bytes` }],
      };
    case "charset.unsupported":
      return unsupported("Content-Type", "must use UTF-8");
    case "encoding.unsupported":
      return unsupported("Content-Encoding", "must be absent");
    case "entity.parse.failed":
      return MALFORMED;
    default:
      return invalid("body", "could not be read");
  }
}

const MISSING = invalid("body", "is missing; send a JSON object");
const MALFORMED = invalid("body", "is not well-formed JSON");
const NOT_UTF8 = invalid("body", "must be UTF-8");

function unsupported(field: string, message: string): Problem {
  return { code: "UNSUPPORTED_MEDIA_TYPE", detail: `${field} ${message}.`, errors: [{ field, message }] };
}
