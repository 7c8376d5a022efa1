import { z } from "zod";

/** One node of a broker. */
export interface AmqpHost {
  readonly host: string;
  readonly port: number;
}

/** Where a broker is and how to log in. */
export interface AmqpAddress {
  /** At least one; several are nodes of one cluster, any of which will do. */
  readonly hosts: readonly AmqpHost[];
  readonly username: string;
  readonly password: string;
  readonly tls: boolean;
  /** The authorities to trust in place of Node's own, PEM; not part of the URL. */
  readonly ca?: string | undefined;
  /** The RabbitMQ virtual host; undefined for the default one. */
  readonly vhost: string | undefined;
}

const FORM = "amqp://user:password@host[:port][,host[:port]...][/vhost]";

/** An `AMQP_URL`, taken apart; a fault says what to write instead and never repeats the value. */
export const amqpUrl = () =>
  z
    .string()
    .transform((value, context): AmqpAddress => {
      try {
        return parseAmqpUrl(value);
      } catch (error) {
        context.addIssue({ code: "custom", message: (error as Error).message });
        return z.NEVER;
      }
    })
    .describe(
      `where the broker is: \`${FORM}\`, or \`amqps://\`; ` +
        "of several hosts, nodes of one cluster, any that works is used",
    );

/**
 * The parts of a broker's URL; throws with what to fix. User and password are required:
 * without them RabbitMQ 4 may log a client in as its anonymous user, and nobody would notice.
 */
export function parseAmqpUrl(value: string): AmqpAddress {
  const [, scheme, login = "", authority, rest = ""] =
    /^(amqps?):\/\/([^/?#]*@)?([^/?#]*)(.*)$/s.exec(value) ?? [];
  if (scheme === undefined || !authority) throw new Error(`must look like ${FORM}, or amqps:// for TLS`);
  if (value.split("://").length > 2) throw new Error(`is more than one URL; name all hosts in one: ${FORM}`);
  const tls = scheme === "amqps";
  const urls = authority.split(",").map((host) => urlOf(`${scheme}://${login}${host}${rest}`));
  const [{ username, password, pathname, search, hash }] = urls as [URL];
  if (username === "" || password === "") {
    throw new Error(`needs user and password (${FORM}): RabbitMQ may let in who has none as another user`);
  }
  if (search !== "" || hash !== "") throw new Error("knows no options after ? or #; write them as %3F, %23");
  const path = pathname.slice(1);
  if (path.includes("/")) throw new Error("names a vhost with a slash; write the slash as %2F");
  const vhost = decoded(path);
  return {
    hosts: urls.map(({ hostname, port }) => ({
      host: hostname.replace(/^\[(.*)\]$/, "$1"),
      port: Number(port || (tls ? 5671 : 5672)),
    })),
    username: decoded(username),
    password: decoded(password),
    tls,
    vhost: vhost === "" || vhost === "/" ? undefined : vhost,
  };
}

function urlOf(value: string): URL {
  if (URL.canParse(value) && new URL(value).hostname !== "") return new URL(value);
  throw new Error(`names a host or port that cannot be; it must look like ${FORM}`);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new Error("holds a % that starts no percent-encoding; write it as %25", { cause });
  }
}
