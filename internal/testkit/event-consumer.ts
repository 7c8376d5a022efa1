import type { Socket } from "node:net";
import rhea, { type EventContext, type Message } from "rhea";
import { type AddressVersion, addressVersionOf } from "../platform/amqp/address.ts";
import { type AmqpAddress, type AmqpHost, parseAmqpUrl } from "../platform/amqp/amqp-url.ts";
import { openSocket } from "../platform/amqp/socket.ts";

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
  close(): Promise<void>;
}

const RECONNECT_MS = 200;

/** A broker that is starting may take a connection and never answer on it: so long (ms) it is waited for. */
const OPEN_MS = 10_000;

/**
 * Consumes a queue, accepting each message, until closed; connects again whenever the
 * connection is lost. Resolves when the link is open for the first time; rejects when
 * that takes more than 20 s. With `onEvent`, nothing is kept: `events` stays empty.
 */
export async function consumeEvents(options: {
  url: string;
  queue: string;
  addressVersion?: AddressVersion;
  onEvent?: (event: ReceivedEvent) => void;
}): Promise<EventConsumer> {
  const address = parseAmqpUrl(options.url);
  const events: ReceivedEvent[] = [];
  const ids = new Set<string>();
  const checks = new Set<() => void>();
  let closed = false;
  let reason = "not connected yet";
  let close: () => void = () => {};
  let retry: NodeJS.Timeout | undefined;

  function receive(message: Message): void {
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
        reject(new Error(`${hope()} within ${timeoutMs} ms`));
      }, timeoutMs);
      checks.add(check);
      check();
    });
  }

  let attached = false;
  function connect(attempt: number): void {
    const node = address.hosts[attempt % address.hosts.length]!;
    close = openReceiver(node, address, options, {
      onOpen: () => {
        attached = true;
        for (const check of [...checks]) check();
      },
      onMessage: receive,
      onEnd: (why) => {
        reason = why;
        if (!closed) retry = setTimeout(() => connect(attempt + 1), RECONNECT_MS);
      },
    });
  }

  const stop = async () => {
    closed = true;
    clearTimeout(retry);
    close();
  };
  connect(0);
  try {
    await until(
      () => attached,
      20_000,
      () => `queue ${options.queue} could not be consumed (${reason})`,
    );
  } catch (cause) {
    await stop();
    throw cause;
  }
  return {
    events,
    waitFor: (goal, timeoutMs) =>
      until(
        () => (typeof goal === "number" ? ids.size >= goal : goal(events)),
        timeoutMs,
        () => `${events.length} events with ${ids.size} ids arrived, which is not what was hoped for,`,
      ),
    close: stop,
  };
}

/** One connection with one receiver, until it fails or the returned function is called. */
function openReceiver(
  node: AmqpHost,
  address: AmqpAddress,
  { queue, addressVersion }: { queue: string; addressVersion?: AddressVersion },
  on: { onOpen(): void; onMessage(message: Message): void; onEnd(reason: string): void },
): () => void {
  let socket: Socket | undefined;
  let over = false;
  const { username, password, vhost } = address;
  const connection = rhea.create_connection({
    ...node,
    username,
    password,
    ...(vhost !== undefined && { hostname: `vhost:${vhost}` }),
    reconnect: false,
    idle_time_out: 10_000,
    connection_details: () => ({
      ...node,
      connect: (_port: number, _host: string, _options: unknown, connected: () => void) => {
        socket = openSocket(node, address, connected);
        return socket;
      },
    }),
  });
  const opening = setTimeout(() => end(`it did not open within ${OPEN_MS} ms`), OPEN_MS).unref();
  function end(reason: string): void {
    if (over) return;
    over = true;
    clearTimeout(opening);
    socket?.destroy(new Error("destroyed"));
    on.onEnd(reason);
  }
  for (const event of ["connection_close", "session_close", "receiver_close", "disconnected"])
    connection.on(event, ({ connection, session, receiver, error }: EventContext) =>
      end(`${event} ${receiver?.error ?? session?.error ?? connection.error ?? error ?? ""}`),
    );
  for (const event of ["protocol_error", "error"])
    connection.on(event, (error: unknown) => end(String(error)));
  connection.on("connection_open", () => {
    const version = addressVersion ?? addressVersionOf(connection.properties);
    connection.open_receiver({ source: queueSource(version, queue), credit_window: 500 });
  });
  connection.on("receiver_open", () => {
    clearTimeout(opening);
    on.onOpen();
  });
  connection.on("message", ({ message }: EventContext) => {
    if (!over) on.onMessage(message!);
  });
  connection.connect();
  return () => end("closed");
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

/** The source of a link from a queue. */
function queueSource(version: AddressVersion, queue: string): string {
  return version === "v1"
    ? `/amq/queue/${encodeURIComponent(queue)}`
    : `/queues/${encodeURIComponent(queue)}`;
}
