import { parseAmqpUrl } from "../../platform/amqp/amqp-url.ts";
import { stillRuns } from "../servers/child.ts";
import type { State } from "./state.ts";

const USERS = ["rabbitmq", "outbox-relay"];

/** The AMQP_URL of what runs, null for a RabbitMQ of our own; undefined while nothing uses a broker. */
export function brokerInUse(state: State): string | null | undefined {
  const running = state.started.some((each) => USERS.includes(each.name) && stillRuns(each));
  return running ? (state.givenAmqpUrl ?? null) : undefined;
}

/** The AMQP_URL to use, or null for a RabbitMQ of our own. What runs already keeps its broker. */
export function chooseBroker(state: State, given: string | undefined): string | null {
  if (given !== undefined) checked(given);
  const inUse = brokerInUse(state);
  return inUse === undefined ? (given ?? null) : inUse;
}

function checked(given: string): void {
  try {
    parseAmqpUrl(given);
  } catch (cause) {
    throw new Error(`AMQP_URL ${(cause as Error).message}`, { cause });
  }
}
