import type { AddressVersion } from "../../platform/amqp/address.ts";
import type { AmqpAddress, AmqpHost } from "../../platform/amqp/amqp-url.ts";
import type { LinkEnd } from "../../platform/amqp/link-end.ts";
import { openSenderLink } from "../../platform/amqp/sender-link.ts";
import type { Unusable } from "./usable.ts";

/** Where the relay is going to publish. */
export interface Exchange {
  readonly address: AmqpAddress;
  readonly exchange: string;
  readonly addressVersion: "auto" | AddressVersion;
}

/** More than the 3 s after which RabbitMQ refuses a login or a virtual host. */
const OPEN_TIMEOUT_MS = 5_000;

/** Opens a link as the relay does, on the first of the hosts that lets us, and closes it again. */
export async function tryBroker(target: Exchange): Promise<Unusable | null> {
  const { hosts } = target.address;
  const ends: LinkEnd[] = [];
  for (const node of hosts) {
    const end = await tryNode(target, node);
    if (end === null) return null;
    ends.push(hosts.length > 1 ? { ...end, reason: `${node.host}:${node.port}: ${end.reason}` } : end);
  }
  const reason = ends.map((end) => end.reason).join("; ");
  return { reason, lasting: ends.every((end) => end.lasting || /ENOTFOUND/.test(end.reason)) };
}

function tryNode(target: Exchange, node: AmqpHost): Promise<LinkEnd | null> {
  return new Promise((resolve) => {
    const link = openSenderLink(
      {
        ...target,
        node,
        openTimeoutMs: OPEN_TIMEOUT_MS,
        idleTimeoutMs: OPEN_TIMEOUT_MS,
        onAnswer: () => {},
        onCredit: () => {},
        onEnd: resolve,
      },
      () => void link.close().then(() => resolve(null)),
    );
  });
}
