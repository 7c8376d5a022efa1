import type { IncomingMessage } from "node:http";
import { invalid, type Problem } from "../problem/problem.ts";

/** `uri-host [ ":" port ]` of RFC 9110, where the host may be empty. */
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::\d{0,5})?$/;
const ABSOLUTE = /^https?:\/\/([^/?#]*)([^#]*)$/i;

/**
 * Checks a request's Host and target as RFC 9112 section 3.2 wants it: Host is sent once and well-formed, and
 * only HTTP/1.0 may leave it out; `*` is for OPTIONS alone. A target in absolute form becomes its path when
 * its authority is the request's own Host; with no Host it is that. Null when there is nothing to refuse.
 */
export function refuseTarget(req: IncomingMessage): Problem | null {
  const host = hostFault(req);
  if (host !== null) return invalid("Host", host);
  const target = req.url ?? "";
  if (target.startsWith("/")) return null;
  if (target === "*") return req.method === "OPTIONS" ? null : invalid("path", "may be * with OPTIONS alone");
  const [, authority, path = ""] = ABSOLUTE.exec(target) ?? [];
  if (authority === undefined) return invalid("path", "must begin with /");
  if (!HOST.test(authority))
    return invalid("path", "must name a host such as shop.example, or one with a port");
  req.headers.host ??= authority;
  if (bare(authority) === "" || bare(authority) !== bare(req.headers.host))
    return invalid("path", "must begin with /, or with http:// and the host that Host names");
  req.url = path.startsWith("/") ? path : `/${path}`;
  return null;
}

function hostFault({ rawHeaders, headers, httpVersion }: IncomingMessage): string | null {
  let times = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === 4 && name.toLowerCase() === "host") times++;
  }
  if (times > 1) return "must be sent once";
  if (headers.host === undefined) return httpVersion === "1.0" ? null : "must be sent";
  return HOST.test(headers.host) ? null : "must be a host such as shop.example, or one with a port";
}

/** An authority without what does not tell two of them apart. */
const bare = (authority: string) => authority.toLowerCase().replace(/:(80|443)?$/, "");
