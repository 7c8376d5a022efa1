import { createLineBudget } from "../logger/line-budget.ts";
import type { Logger } from "../logger/logger.ts";
import type { AmqpHost } from "./amqp-url.ts";
import type { LinkEnd } from "./link-end.ts";
import type { OpenLink } from "./open-link.ts";

/**
 * Says once, not with every attempt, that and why messages cannot be sent,
 * and once when they can again. However often that changes, and whatever the
 * broker writes into its reasons, the number of lines is bounded.
 */
export interface StateLog {
  down(end: LinkEnd): void;
  up(link: OpenLink, node: AmqpHost): void;
}

/** Different reasons kept to recognise a repeated one. */
const KNOWN_REASONS = 100;

export function createStateLog(log: Logger, exchange: string, budget = createLineBudget()): StateLog {
  const said = new Set<string>();
  return {
    down: ({ reason, lasting }) => {
      if (said.has(reason)) return;
      const leftOut = budget.take();
      if (leftOut === null) return;
      if (said.size >= KNOWN_REASONS) said.clear();
      said.add(reason);
      const line = { exchange, reason, ...(leftOut > 0 && { leftOut }) };
      if (lasting) log.error(line, "cannot publish until the broker's set-up is changed");
      else log.warn(line, "cannot publish; the broker is tried again in the background");
    },
    up: ({ broker, addressVersion }, { host, port }) => {
      said.clear();
      const leftOut = budget.take();
      if (leftOut === null) return;
      log.info(
        { exchange, broker, host, port, addressVersion, ...(leftOut > 0 && { leftOut }) },
        "connected to the broker",
      );
    },
  };
}
