import type { LookupFunction } from "node:net";
import { isIPv6 } from "node:net";
import { Pool } from "undici";
import { MOST_IDLE_MS } from "../../platform/http/kept-connections.ts";
import type { Address } from "./addresses.ts";

/** Most connections of one gateway to one address; what more comes waits, within its deadline. */
const MOST_CONNECTIONS = 512;

/**
 * An attempt at a connection may take this share of a request's time, so that another address has its chance.
 */
const CONNECT_SHARE = 0.25;

/**
 * Kept connections to one address, each with one request at a time. A request that finds none free opens one.
 * The client never sends a request again by itself.
 */
export function openConnections(
  address: Address,
  { timeoutMs, mostBytes = -1 }: { timeoutMs: number; mostBytes?: number },
): Pool {
  return new Pool(address.url.origin, {
    connections: MOST_CONNECTIONS,
    pipelining: 1,
    keepAliveTimeout: MOST_IDLE_MS,
    // Whatever longer time the service promises.
    keepAliveMaxTimeout: MOST_IDLE_MS,
    // Until the answer begins the exchange has a timer of its own (exchange.http.ts), which counts the
    // waiting too.
    headersTimeout: 0,
    bodyTimeout: timeoutMs,
    maxResponseSize: mostBytes,
    connect: {
      timeout: Math.ceil(timeoutMs * CONNECT_SHARE),
      allowH2: false,
      ...(address.ip !== null && { lookup: always(address.ip) }),
    },
  });
}

/** Resolves any name to one IP address; a certificate is still checked for the name. */
function always(ip: string): LookupFunction {
  const family = isIPv6(ip) ? 6 : 4;
  return (_name, { all }, done) => (all ? done(null, [{ address: ip, family }]) : done(null, ip, family));
}

/** Whether anything at all is answered there in time; `HEAD /` touches nothing. */
export async function isAnswered(connections: Pool, timeoutMs: number): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const { body } = await connections.request({ method: "HEAD", path: "/", signal });
    await body.dump();
    return true;
  } catch {
    // Expected of an address that was ejected; that it was has been logged.
    return false;
  }
}
