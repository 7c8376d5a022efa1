import type { Message } from "rhea";
import type { AddressVersion } from "../platform/amqp/address.ts";
import { parseAmqpUrl } from "../platform/amqp/amqp-url.ts";
import { type EventLink, openEventLink } from "./event-link.ts";
import { linkHistory } from "./link-history.ts";

export { checkPerCartOrder } from "./event-order.ts";

/** One arrival; the same event may arrive more than once. */
export interface ReceivedEvent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly version: number;
  /** The parsed JSON body. */
  readonly data: unknown;
  /** Epoch ms. */
  readonly receivedAt: number;
  /** The message as it came, for tests of its form. */
  readonly message: Message;
}

export interface EventConsumer {
  /** Everything that arrived, in order of arrival, repeats included. */
  readonly events: ReceivedEvent[];
  /** Resolves once so many different ids have arrived, or the predicate holds; rejects after `timeoutMs`. */
  waitFor(goal: number | ((events: readonly ReceivedEvent[]) => boolean), timeoutMs: number): Promise<void>;
  /** What is known of its connections, for whoever waits in vain. */
  state(): string;
  close(): Promise<void>;
}

const RECONNECT_MS = 200;

/**
 * Consumes a queue, accepting each message, until closed; connects again whenever the connection is lost.
 * Resolves when the link is open for the first time; rejects when that takes more than 20 s. With `onEvent`,
 * nothing is kept: `events` stays empty.
 */
export async function consumeEvents(options: {
  url: string;
  queue: string;
  addressVersion?: AddressVersion;
  onEvent?: (event: ReceivedEvent) => void;
}): Promise<EventConsumer> {
  const { queue } = options;
  const address = parseAmqpUrl(options.url);
  const events: ReceivedEvent[] = [];
  const ids = new Set<string>();
  const checks = new Set<() => void>();
  let closed = false;
  let link: EventLink | undefined;
  let retry: NodeJS.Timeout | undefined;
  const history = linkHistory();

  function receive(message: Message): void {
    history.moved();
    const event = receivedEvent(message);
    if (options.onEvent) {
      options.onEvent(event);
      return;
    }
    events.push(event);
    ids.add(event.id);
    for (const check of [...checks]) check();
  }

  /** Checks after each arrival, and gives up after `timeoutMs`. */
  function until(holds: () => boolean, timeoutMs: number, hope: () => string): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => {
        checks.delete(check);
        clearTimeout(timer);
      };
      const check = () => {
        if (!holds()) return;
        done();
        resolve();
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`${hope()} within ${timeoutMs} ms: ${state()}`));
      }, timeoutMs);
      checks.add(check);
      check();
    });
  }

  function connect(attempt: number): void {
    const node = address.hosts[attempt % address.hosts.length]!;
    link = openEventLink(node, address, options, {
      onOpen: () => {
        history.opened();
        for (const check of [...checks]) check();
      },
      onMessage: receive,
      onEnd: (why) => {
        history.ended(why);
        if (!closed) retry = setTimeout(() => connect(attempt + 1), RECONNECT_MS);
      },
    });
  }

  const state = () => `${history.text()}, credit ${link?.credit()}`;
  const stop = async () => {
    closed = true;
    clearTimeout(retry);
    link?.end("closed");
  };
  connect(0);
  try {
    await until(
      () => history.isOpen(),
      20_000,
      () => `queue ${queue} could not be consumed`,
    );
  } catch (cause) {
    await stop();
    throw cause;
  }
  return {
    events,
    state,
    waitFor: (goal, timeoutMs) =>
      until(
        () => (typeof goal === "number" ? ids.size >= goal : goal(events)),
        timeoutMs,
        () => `${events.length} events with ${ids.size} ids arrived, which is not what was hoped for,`,
      ),
    close: stop,
  };
}

function receivedEvent(message: Message): ReceivedEvent {
  const properties = message.application_properties ?? {};
  const body = message.body as { content?: Buffer };
  return {
    id: String(message.message_id),
    type: String(properties["cloudEvents:type"]),
    subject: String(properties["cloudEvents:subject"]),
    version: Number(properties["cloudEvents:cartversion"] ?? properties["cloudEvents:orderversion"]),
    data: JSON.parse(body.content?.toString("utf8") ?? "null"),
    receivedAt: Date.now(),
    message,
  };
}
