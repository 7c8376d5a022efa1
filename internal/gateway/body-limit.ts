import type { Request, RequestHandler } from "express";
import { pathOf } from "../platform/http/app.ts";
import { type Problem, sendProblem } from "../platform/problem/problem.ts";

/**
 * Refuses bodies over `limit` bytes: by their Content-Length before a byte is read, and a chunked one by reading it (up to the
 * limit) before anything goes upstream, where it then arrives with a length.
 */
export function bodyLimit(limit: number): RequestHandler {
  const tooLarge: Problem = {
    code: "PAYLOAD_TOO_LARGE",
    detail: `The body may have at most ${limit} bytes.`,
    errors: [{ field: "body", message: `must have at most ${limit} bytes` }],
    headers: { connection: "close" },
  };
  return async (req, res, next) => {
    if (Number(req.headers["content-length"] ?? 0) > limit) return sendProblem(res, pathOf(req), tooLarge);
    if (req.headers["transfer-encoding"] === undefined) return next();
    const body = await readUpTo(req, limit);
    if (body === null) return sendProblem(res, pathOf(req), tooLarge);
    delete req.headers["transfer-encoding"];
    req.headers["content-length"] = String(body.length);
    res.locals.body = body;
    next();
  };
}

/** The whole body, or null when it is longer than `limit`. */
async function readUpTo(req: Request, limit: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
