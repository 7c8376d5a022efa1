import { z } from "zod";

/** Where a broker is and how to log in. */
export interface AmqpAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly tls: boolean;
  /** The authorities to trust in place of Node's own, PEM; not part of the URL. */
  readonly ca?: string | undefined;
  /** The RabbitMQ virtual host; undefined for the default one. */
  readonly vhost: string | undefined;
}

const FORM =
  "must look like amqp://user:password@host[:port][/vhost], or amqps:// for TLS; a login without user and password is refused";

/** An `AMQP_URL`, taken apart. Faults never repeat the value. */
export const amqpUrl = () =>
  z
    .string()
    .transform((value, context): AmqpAddress => {
      const address = parseAmqpUrl(value);
      if (address) return address;
      context.addIssue({ code: "custom", message: FORM });
      return z.NEVER;
    })
    .describe("where the broker is: `amqp://user:password@host[:port][/vhost]`, or `amqps://`");

/**
 * The parts of a broker's URL, or null when it is not one. User and password are required:
 * without them RabbitMQ 4 may log a client in as its anonymous user, and nobody would notice.
 */
export function parseAmqpUrl(value: string): AmqpAddress | null {
  if (!URL.canParse(value)) return null;
  const url = new URL(value);
  const tls = url.protocol === "amqps:";
  if (!(tls || url.protocol === "amqp:") || url.hostname === "") return null;
  if (url.username === "" || url.password === "" || url.search !== "" || url.hash !== "") return null;
  const path = url.pathname.slice(1);
  if (path.includes("/")) return null;
  const [username, password, vhost] = [url.username, url.password, path].map(decoded);
  if (username === undefined || password === undefined || vhost === undefined) return null;
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(url.port || (tls ? 5671 : 5672)),
    username,
    password,
    tls,
    vhost: vhost === "" || vhost === "/" ? undefined : vhost,
  };
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined; // not percent-encoding: for the caller that is no valid URL
  }
}
