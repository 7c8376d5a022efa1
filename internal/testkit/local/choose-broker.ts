import { parseAmqpUrl } from "../../platform/amqp/amqp-url.ts";
import { stillRuns } from "../servers/child.ts";
import type { State } from "./state.ts";

const USERS = ["rabbitmq", "outbox-relay"];

/**
 * The AMQP_URL of the broker to use, or null for a RabbitMQ of our own. What runs already keeps its broker;
 * asking for another one meanwhile is refused, because events of one cart would go to two brokers.
 */
export function chooseBroker(state: State, given: string | undefined): string | null {
  if (given !== undefined) checked(given);
  const running = state.started.some((each) => USERS.includes(each.name) && stillRuns(each));
  if (!running) return given ?? null;
  const inUse = state.givenAmqpUrl ?? null;
  if (given !== undefined && given !== inUse) {
    throw new Error("Cartwright runs on another broker; make down first to change it.");
  }
  return inUse;
}

function checked(given: string): void {
  try {
    parseAmqpUrl(given);
  } catch (cause) {
    throw new Error(`AMQP_URL ${(cause as Error).message}`, { cause });
  }
}
