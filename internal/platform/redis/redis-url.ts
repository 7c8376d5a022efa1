import { z } from "zod";

/** Where a Redis is and how to log in; several nodes are a Redis Cluster's, one may be. */
export interface RedisAddress {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
  /** The authorities to trust in place of Node's own, PEM; not part of the URL. */
  readonly ca?: string | undefined;
}

/**
 * A `REDIS_URL`: `redis://[user:password@]host:port`, `rediss://` for TLS, and for Redis Cluster several
 * `host:port` after one scheme, separated by commas. Faults never repeat the value.
 */
export const redisUrl = () =>
  z
    .string()
    .transform((value, context): RedisAddress => {
      const address = parseRedisUrl(value);
      if (address) return address;
      context.addIssue({
        code: "custom",
        message:
          "must look like redis://[user:password@]host:port, with further host:port after commas for a cluster",
      });
      return z.NEVER;
    })
    .describe("where Redis is: `redis://[user:password@]host:port`, or `rediss://`; see below");

/** The parts of a `REDIS_URL`, or null when it is not one. */
export function parseRedisUrl(value: string): RedisAddress | null {
  const [first = "", ...others] = value.split(",");
  if (!URL.canParse(first)) return null;
  const url = new URL(first);
  const tls = url.protocol === "rediss:";
  if (!(tls || url.protocol === "redis:") || url.hostname === "" || !["", "/"].includes(url.pathname))
    return null;
  const nodes = [{ host: url.hostname, port: Number(url.port || 6379) }];
  for (const other of others) {
    const match = /^([A-Za-z0-9.-]+):(\d{1,5})$/.exec(other);
    if (!match) return null;
    nodes.push({ host: match[1]!, port: Number(match[2]) });
  }
  const [username, password] = [url.username, url.password].map(decoded);
  if (username === null || password === null) return null;
  return { nodes, username: username || undefined, password: password || undefined, tls };
}

/** Null for what is no percent-encoding. */
function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
