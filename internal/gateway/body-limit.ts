import type { Request, RequestHandler } from "express";
import { pathOf } from "../platform/http/app.ts";
import { type Problem, sendProblem } from "../platform/problem/problem.ts";

/**
 * Refuses bodies over `limit` bytes: by their Content-Length before a byte is read, and a chunked one by reading it (up to the
 * limit) before anything goes upstream, where it then arrives with a length. What more the client sends is read and
 * dropped, because a connection closed on a sender may take the answer with it.
 */
export function bodyLimit(limit: number): RequestHandler {
  const tooLarge: Problem = {
    code: "PAYLOAD_TOO_LARGE",
    detail: `The body may have at most ${limit} bytes.`,
    errors: [{ field: "body", message: `must have at most ${limit} bytes` }],
  };
  return (req, res, next) => {
    if (Number(req.headers["content-length"] ?? 0) > limit) return sendProblem(res, pathOf(req), tooLarge);
    if (req.headers["transfer-encoding"] === undefined) return next();
    readUpTo(limit, req, (body) => {
      if (body === null) return sendProblem(res, pathOf(req), tooLarge);
      delete req.headers["transfer-encoding"];
      req.headers["content-length"] = String(body.length);
      res.locals.body = body;
      next();
    });
  };
}

/** Gives `done` the whole body, or null as soon as it is longer than `limit`; never calls it for a client that went away. */
function readUpTo(limit: number, req: Request, done: (body: Buffer | null) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  req.on("data", (chunk: Buffer) => {
    const fitted = size <= limit;
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else if (fitted) done(null);
  });
  req.once("end", () => {
    if (size <= limit) done(Buffer.concat(chunks));
  });
}
