import { isUtf8 } from "node:buffer";
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
      next(new ProblemError(invalid("body", "is missing; send a JSON object")));
      return;
    }
    if (!isJson) {
      const message = "must be application/json";
      const errors = [{ field: "Content-Type", message }];
      next(new ProblemError({ code: "UNSUPPORTED_MEDIA_TYPE", detail: `Content-Type ${message}.`, errors }));
      return;
    }
    parse(req, res, (error?: unknown) => {
      const problem = error ? problemOf(error, limitBytes) : ambiguity(res.locals.bytes, req.body);
      next(problem && new ProblemError(problem));
    });
  };
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
  if (!isUtf8(bytes)) return invalid("body", "must be UTF-8");
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
    case "encoding.unsupported": {
      const field = type === "charset.unsupported" ? "Content-Type" : "Content-Encoding";
      const message = type === "charset.unsupported" ? "must use UTF-8" : "must be absent";
      return { code: "UNSUPPORTED_MEDIA_TYPE", detail: `${field} ${message}.`, errors: [{ field, message }] };
    }
    case "entity.parse.failed":
      return invalid("body", "is not well-formed JSON");
    default:
      return invalid("body", "could not be read");
  }
}
