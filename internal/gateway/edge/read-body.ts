import type { Request, Response } from "express";
import { err, ok, type Result } from "../../platform/result/result.ts";
import type { GatewayProblem } from "../problems.ts";
import type { BodyMemory } from "./body-memory.ts";

/** A body's buffer has at least so many bytes; it doubles as the body grows. */
const FIRST_BYTES = 1_024;

const NO_ROOM: GatewayProblem = {
  code: "OUT_OF_BODY_MEMORY",
  detail: "There are too many large or slow bodies at the moment, so nothing was changed; please try again.",
  headers: { "retry-after": "1", connection: "close" },
};

/**
 * Reads the body before anything goes upstream, so that a slow client holds no connection that others need,
 * and the body's length upstream is that of the bytes read; null where there is none. More than `limitBytes`,
 * and than a route's own limit where it has one, is 413: by the Content-Length before a byte is read, else
 * while it comes; what more the client sends is read and dropped, because a connection closed on a sender may
 * take the answer with it. A body not whole within `timeoutMs` is 408, one that `memory` has no room for is
 * 503. Never resolves for a client that went away.
 */
export function createBodyReader(parts: { limitBytes: number; timeoutMs: number; memory: BodyMemory }) {
  const { limitBytes, timeoutMs, memory } = parts;
  const tooSlow: GatewayProblem = {
    code: "REQUEST_TIMEOUT",
    detail: `The body did not arrive within ${timeoutMs} ms, so nothing was changed.`,
    errors: [{ field: "body", message: `must arrive within ${timeoutMs} ms` }],
    headers: { connection: "close" },
  };
  return async (
    req: Request,
    res: Response,
    ownLimitBytes = 0,
  ): Promise<Result<Buffer | null, GatewayProblem>> => {
    const most = Math.max(limitBytes, ownLimitBytes);
    const announced = Number(req.headers["content-length"] ?? 0);
    if (announced > most) return err(tooLarge(most));
    if (announced === 0 && req.headers["transfer-encoding"] === undefined) return ok(null);
    return new Promise((resolve) => {
      const body = growingBuffer(announced || most);
      let isRefused = false;
      const refuse = (problem: GatewayProblem) => {
        isRefused = true;
        clearTimeout(timer);
        share.release();
        body.drop();
        resolve(err(problem));
      };
      const timer = setTimeout(refuse, timeoutMs, tooSlow);
      const share = memory.open(() => refuse(NO_ROOM));
      res.once("close", () => {
        clearTimeout(timer);
        share.release();
      });
      req.on("data", (chunk: Buffer) => {
        if (isRefused) return;
        if (body.size() + chunk.length > most) return refuse(tooLarge(most));
        share.hold(body.append(chunk));
      });
      req.once("end", () => {
        if (isRefused) return;
        clearTimeout(timer);
        share.complete();
        resolve(ok(body.bytes()));
      });
    });
  };
}

function tooLarge(most: number): GatewayProblem {
  return {
    code: "PAYLOAD_TOO_LARGE",
    detail: `The body may have at most ${most} bytes.`,
    errors: [{ field: "body", message: `must have at most ${most} bytes` }],
  };
}

/** Chunks are copied together, not listed: one of a single byte would cost a hundred. */
function growingBuffer(most: number) {
  let buffer: Buffer = Buffer.alloc(0);
  let size = 0;
  return {
    size: () => size,
    bytes: () => buffer.subarray(0, size),
    /** Gives how many bytes are allocated now. */
    append(chunk: Buffer): number {
      const needed = size + chunk.length;
      if (size === 0 && needed === most) buffer = chunk;
      else {
        if (needed > buffer.length) {
          const former = buffer;
          buffer = Buffer.allocUnsafe(Math.min(most, Math.max(FIRST_BYTES, 2 * needed)));
          former.copy(buffer, 0, 0, size);
        }
        chunk.copy(buffer, size);
      }
      size = needed;
      return buffer.length;
    },
    drop() {
      buffer = Buffer.alloc(0);
    },
  };
}
