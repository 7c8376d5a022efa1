import type { AmqpHost } from "./amqp-url.ts";
import type { LinkEnd } from "./link-end.ts";

/** The hosts of a broker in turn: each connection goes to the next, so a failure moves to another. */
export interface Nodes {
  /** The host of the present connection. */
  current(): AmqpHost;
  /** Moves to the next; true when every host has been tried since the last answer of one. */
  next(): boolean;
  /** The present host does its work: all others are worth a try at once when it fails. */
  works(): void;
  /** The end with the host that it is about, where there are several. */
  named(end: LinkEnd): LinkEnd;
}

/** Begins at any of them, so that several clients spread over the hosts. */
export function createNodes(hosts: readonly AmqpHost[], random = Math.random): Nodes {
  let at = Math.floor(random() * hosts.length);
  let failed = 0;
  const current = () => hosts[at]!;
  return {
    current,
    next: () => {
      at = (at + 1) % hosts.length;
      failed++;
      return failed % hosts.length === 0;
    },
    works: () => {
      failed = 0;
    },
    named: (end) => {
      const { host, port } = current();
      return hosts.length === 1 ? end : { ...end, reason: `${host}:${port}: ${end.reason}` };
    },
  };
}
