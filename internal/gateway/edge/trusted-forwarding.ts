import type { RequestHandler } from "express";
import { type Hop, parseForwarded, parseForwardedFor } from "./forwarded.ts";

const OF_PROXIES = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"] as const;

/**
 * Makes what trusted proxies say the `X-Forwarded-*` from which Express has a request's address, scheme and
 * host: a `Forwarded` (RFC 7239) is translated, ports are left out. Read right to left, up to the first hop
 * that is not trusted. Where both headers come, one of them may be the client's own, which a proxy that
 * writes the other has passed on: they count when they name the same client, else the proxy is taken for it.
 */
export function trustedForwarding(trusts: (address: string) => boolean): RequestHandler {
  return (req, _res, next) => {
    const { headers } = req;
    const peer = req.socket.remoteAddress ?? "";
    const given = headers["x-forwarded-for"];
    if ((given === undefined && headers.forwarded === undefined) || !trusts(peer)) return next();
    const plain = typeof given === "string" ? parseForwardedFor(given) : null;
    const rich = headers.forwarded === undefined ? null : (parseForwarded(headers.forwarded) ?? []);
    const ofPlain = plain && clientOf(peer, plain, trusts);
    const ofRich = rich && clientOf(peer, rich, trusts);
    if (plain !== null && (rich === null || ofPlain?.from === ofRich?.from)) {
      headers["x-forwarded-for"] = plain.map(({ from }) => from).join(", ");
    } else {
      for (const name of OF_PROXIES) delete headers[name];
      if (plain === null && ofRich !== null) {
        headers["x-forwarded-for"] = ofRich.from ?? peer;
        if (ofRich.proto !== undefined) headers["x-forwarded-proto"] = ofRich.proto;
        if (ofRich.host !== undefined) headers["x-forwarded-host"] = ofRich.host;
      }
    }
    next();
  };
}

/** The hop that tells of the client: the first from the right whose address is no trusted proxy's. */
function clientOf(peer: string, hops: readonly Hop[], trusts: (address: string) => boolean): Hop {
  let client: Hop = { from: peer, proto: undefined, host: undefined };
  for (const hop of hops.toReversed()) {
    if (hop.from === null || !trusts(client.from ?? "")) break;
    client = hop;
  }
  return client;
}
