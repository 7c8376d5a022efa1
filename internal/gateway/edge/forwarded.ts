/** What one proxy says of the request as it came to it. */
export interface Hop {
  /** The address it came from, without a port, or what the proxy says instead; null where it is silent. */
  readonly from: string | null;
  readonly proto: string | undefined;
  readonly host: string | undefined;
}

/** Linear: no repeated part can begin with what may follow it, so that no text is divided in two ways. */
const PAIR = /[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=("(?:[^"\\]|\\.)*"|[\w!#$%&'*+.^`|~-]+)[ \t]*)?(;|,|$)/y;

/**
 * The hops of a `Forwarded` header (RFC 7239) in its order, the client's first;
 * null for one that is not well-formed.
 */
export function parseForwarded(text: string): Hop[] | null {
  const hops: Hop[] = [];
  let pairs = new Map<string, string>();
  PAIR.lastIndex = 0;
  for (;;) {
    const match = PAIR.exec(text);
    if (match === null) return null;
    const [, name, value = "", end] = match;
    if (name !== undefined) pairs.set(name.toLowerCase(), unquoted(value));
    if (end === ";") continue;
    if (pairs.size > 0) hops.push(hopOf(pairs));
    if (end === "") return hops;
    pairs = new Map();
  }
}

/** The hops of an `X-Forwarded-For` header, which tells addresses alone. */
export function parseForwardedFor(text: string): Hop[] {
  const nodes = text.split(",").map((node) => node.trim());
  return nodes.map((node) => ({ from: withoutPort(node), proto: undefined, host: undefined }));
}

function hopOf(pairs: ReadonlyMap<string, string>): Hop {
  const from = pairs.get("for");
  return {
    from: from === undefined ? null : withoutPort(from),
    proto: pairs.get("proto"),
    host: pairs.get("host"),
  };
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;
}

/** A port would make one client many; some proxies append it. */
function withoutPort(node: string): string {
  const bracketed = /^\[([^\]]*)\](?::[\w.-]+)?$/.exec(node)?.[1];
  return bracketed ?? /^([^:]+):[\w.-]+$/.exec(node)?.[1] ?? node;
}
