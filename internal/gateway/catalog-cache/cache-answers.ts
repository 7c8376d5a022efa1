import type { IncomingHttpHeaders } from "node:http";
import { NOT_PASSED_BACK } from "../upstream/upstream.ts";

/** The header fields of an answer, names in lower case. */
export type Head = Record<string, string | string[]>;

/** What is between two hops (RFC 9110 section 7.6.1), or true of one exchange alone. */
const OF_ONE_EXCHANGE = new Set([
  ...NOT_PASSED_BACK,
  "connection",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "warning",
  "x-request-id",
]);

/** The head of an answer as it may be kept and passed on. */
export function withoutHopByHop(given: IncomingHttpHeaders): Head {
  const named = new Set(
    `${given.connection ?? ""}`
      .toLowerCase()
      .split(",")
      .map((name) => name.trim()),
  );
  const head: Head = {};
  for (const [name, value] of Object.entries(given))
    if (value !== undefined && !OF_ONE_EXCHANGE.has(name) && !named.has(name)) head[name] = value;
  return head;
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
