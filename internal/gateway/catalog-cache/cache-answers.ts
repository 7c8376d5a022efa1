import type { IncomingHttpHeaders } from "node:http";
import { endToEnd, type Head } from "../upstream/answer-headers.ts";

/** The head of an answer as it may be kept: without what is true of one exchange alone. */
export function keptHead(given: IncomingHttpHeaders): Head {
  const { warning: _obsolete, "x-request-id": _id, ...head } = endToEnd(given);
  return head;
}

/** A body in one piece, which all who read it share. */
export function inOnePiece(body: readonly Buffer[]): Buffer {
  return body.length === 1 ? body[0]! : Buffer.concat(body);
}

/** Whether an answer may serve others who asked the same at that time (RFC 9111 section 4). */
export function sharableHead(head: Head): boolean {
  if (head["set-cookie"] !== undefined || `${head.vary ?? ""}`.includes("*")) return false;
  return !/\b(no-store|private)\b/i.test(`${head["cache-control"] ?? ""}`);
}

/** Whether a client that sent `ifNoneMatch` has this representation already (RFC 9110 section 13.1.2). */
export function isKnown(ifNoneMatch: string | undefined, status: number, head: Head): boolean {
  if (ifNoneMatch === undefined || status !== 200) return false;
  if (ifNoneMatch.trim() === "*") return true;
  const { etag } = head;
  if (typeof etag !== "string") return false;
  const bare = etag.replace(/^W\//, "");
  const known: string[] = ifNoneMatch.match(/"[^"]*"/g) ?? [];
  return known.includes(bare);
}

/** The head of a 304 in place of an answer: all that a 200 would say to caches, and nothing of a body. */
export function notModifiedHead(head: Head): Head {
  return Object.fromEntries(
    Object.entries(head).filter(
      ([name]) => !/^content-(length|type|encoding|language|range)$|^last-modified$/.test(name),
    ),
  );
}
