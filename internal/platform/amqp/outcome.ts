import type { LinkEnd } from "./link-end.ts";
import { lasting, missingExchange, WRONG_LOGIN, WRONG_VHOST } from "./set-up-faults.ts";

/**
 * What a refusal is about: the message (`encoding`: it cannot even
 * be written down), or a state of the broker that may pass.
 */
export type RefusedAbout = "encoding" | "message" | "full" | "unavailable" | "unroutable";

/** What became of one message. */
export type SendOutcome =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly about: RefusedAbout; readonly error: string }
  | { readonly kind: "unknown"; readonly sessionFault: boolean; readonly error: string };

/** An AMQP error as brokers send it, or an error of the socket. */
export interface Condition {
  readonly condition?: string | undefined;
  readonly description?: string | undefined;
}

export const ACCEPTED: SendOutcome = { kind: "accepted" };
export const RELEASED: SendOutcome = {
  kind: "refused",
  about: "unroutable",
  error: "released by the broker: no queue is bound to take it",
};

/**
 * The outcome of a rejected message. RabbitMQ 4.0 rejects
 * without a reason when a queue is full or its node is down;
 * 4.3 says which. Any other condition speaks of the message.
 */
export function rejected(error: Condition | undefined | null): SendOutcome {
  if (!error?.condition) {
    const reason = "rejected by the broker without a reason: a queue is full or not available";
    return { kind: "refused", about: "full", error: reason };
  }
  return {
    kind: "refused",
    about: rejectedAbout(error),
    error: `rejected by the broker: ${describe(error)}`,
  };
}

function rejectedAbout({ condition, description = "" }: Condition): RefusedAbout {
  if (condition === "amqp:resource-limit-exceeded") return "full";
  if (condition === "amqp:precondition-failed" && /is unavailable/.test(description)) return "unavailable";
  return "message";
}

const MISSING = "amqp:not-found";
const FORBIDDEN = "amqp:unauthorized-access";

/** Conditions that speak of the broker or its set-up, whatever was sent. */
const NOT_BY_A_MESSAGE = new Set([
  MISSING,
  FORBIDDEN,
  "amqp:connection:forced",
  "amqp:internal-error",
  "amqp:resource-locked",
  "amqp:session:unattached-handle",
]);

/** True for a condition that means the exchange is gone or closed to us, so that no message can be sent. */
export function isSetUpFault(condition: string | undefined): boolean {
  return condition === MISSING || condition === FORBIDDEN;
}

/** The end of a link, by what ended: the whole connection, or only our session or link on it. */
export function endOf(scope: "connection" | "link", error: Condition | undefined, exchange: string): LinkEnd {
  const condition = error?.condition;
  // A topic permission: only messages with that routing key end the session.
  if (scope === "link" && condition === FORBIDDEN && /access to topic/.test(error?.description ?? ""))
    return {
      reason: `the broker ended the session: ${describe(error!)}`,
      sessionFault: true,
      lasting: false,
    };
  if (scope === "connection" && (condition === FORBIDDEN || condition === MISSING))
    // The driver's words for what SASL answered; afterwards only the virtual host is left to be refused.
    return /^Failed to authenticate/.test(error?.description ?? "") ? WRONG_LOGIN : WRONG_VHOST;
  if (condition === FORBIDDEN)
    return lasting(`the broker does not let the configured user publish to exchange "${exchange}"`);
  if (condition === MISSING) return missingExchange(exchange);
  if (!condition) return lost(`the broker closed the ${scope}`);
  const sessionFault = scope === "link" && !NOT_BY_A_MESSAGE.has(condition);
  return { reason: `the broker ended the ${scope}: ${describe(error)}`, sessionFault, lasting: false };
}

/** An end that no message caused and that time or a new connection may heal. */
export function lost(reason: string): LinkEnd {
  return { reason: reason.slice(0, LONGEST), sessionFault: false, lasting: false };
}

/** The most that is passed on of another program's text, in UTF-16 units. */
const LONGEST = 300;

function describe(error: Condition): string {
  return error.description
    ? `${error.condition} (${error.description.slice(0, LONGEST)})`
    : `${error.condition}`;
}
