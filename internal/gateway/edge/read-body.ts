import type { Request, Response } from "express";
import { err, ok, type Result } from "../../platform/result/result.ts";
import type { GatewayProblem } from "../problems.ts";

/**
 * Reads the body before anything goes upstream, so that a slow client holds no connection that others need,
 * and the body's length upstream is that of the bytes read; null where there is none. More than `limitBytes`
 * is 413: by the Content-Length before a byte is read, else while it comes; what more the client sends is
 * read and dropped, because a connection closed on a sender may take the answer with it. A body not whole
 * within `timeoutMs` is 408. Never resolves for a client that went away.
 */
export function createBodyReader({ limitBytes, timeoutMs }: { limitBytes: number; timeoutMs: number }) {
  const tooLarge: GatewayProblem = {
    code: "PAYLOAD_TOO_LARGE",
    detail: `The body may have at most ${limitBytes} bytes.`,
    errors: [{ field: "body", message: `must have at most ${limitBytes} bytes` }],
  };
  const tooSlow: GatewayProblem = {
    code: "REQUEST_TIMEOUT",
    detail: `The body did not arrive within ${timeoutMs} ms, so nothing was changed.`,
    errors: [{ field: "body", message: `must arrive within ${timeoutMs} ms` }],
    headers: { connection: "close" },
  };
  return async (req: Request, res: Response): Promise<Result<Buffer | null, GatewayProblem>> => {
    const announced = Number(req.headers["content-length"] ?? 0);
    if (announced > limitBytes) return err(tooLarge);
    if (announced === 0 && req.headers["transfer-encoding"] === undefined) return ok(null);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        req.removeAllListeners("data").removeAllListeners("end");
        resolve(err(tooSlow));
      }, timeoutMs);
      res.once("close", () => clearTimeout(timer));
      readUpTo(limitBytes, req, (body) => {
        clearTimeout(timer);
        resolve(body === null ? err(tooLarge) : ok(body));
      });
    });
  };
}

/**
 * Gives `done` the whole body, or null as soon as it is longer
 * than `limit`; never calls it for a client that went away.
 */
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
