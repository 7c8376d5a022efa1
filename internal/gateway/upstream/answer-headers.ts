import type { IncomingHttpHeaders } from "node:http";
import type { Response } from "express";

/** The header fields of an answer, names in lower case. */
export type Head = Record<string, string | string[]>;

/** Of the connection between two hops (RFC 9110 section 7.6.1), or the gateway's own to say. */
const NOT_PASSED_BACK = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-powered-by",
  "server",
  // Whose pages may read an answer (browser-headers.ts).
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "access-control-expose-headers",
]);

/** What of an upstream's answer clients may be told. */
export function endToEnd(given: IncomingHttpHeaders): Head {
  const named = namedBy(given.connection);
  const head: Head = {};
  for (const name in given) {
    const value = given[name];
    if (value !== undefined && !NOT_PASSED_BACK.has(name) && !named.includes(name)) head[name] = value;
  }
  return head;
}

/** Puts `head` into an answer, which goes on varying by what it varied by before. */
export function setHead(res: Response, head: Head): void {
  const ours = res.getHeader("vary");
  for (const name in head) res.setHeader(name, head[name]!);
  if (ours !== undefined && head.vary !== undefined) res.setHeader("vary", `${ours}, ${head.vary}`);
}

/** The header fields that `Connection` names, which are between two hops like itself. */
function namedBy(connection: string | undefined): readonly string[] {
  // A list where it came more than once.
  const list = String(connection ?? "keep-alive").toLowerCase();
  return list === "keep-alive" ? [] : list.split(",").map((name) => name.trim());
}
