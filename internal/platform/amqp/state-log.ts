import type { Logger } from "../logger/logger.ts";
import type { LinkEnd } from "./outcome.ts";
import type { OpenLink } from "./sender-link.ts";

/** Says once, not with every attempt, that and why messages cannot be sent, and once when they can again. */
export interface StateLog {
  down(end: LinkEnd): void;
  up(link: OpenLink): void;
}

export function createStateLog(log: Logger, exchange: string): StateLog {
  const said = new Set<string>();
  return {
    down: ({ reason, lasting }) => {
      if (said.has(reason)) return;
      said.add(reason);
      if (lasting) log.error({ exchange, reason }, "cannot publish until the broker's set-up is changed");
      else log.warn({ exchange, reason }, "cannot publish; the broker is tried again in the background");
    },
    up: ({ broker, addressVersion }) => {
      said.clear();
      log.info({ exchange, broker, addressVersion }, "connected to the broker");
    },
  };
}
