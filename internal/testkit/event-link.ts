import type { Socket } from "node:net";
import rhea, { type EventContext, type Message, type Receiver } from "rhea";
import { type AddressVersion, addressVersionOf } from "../platform/amqp/address.ts";
import type { AmqpAddress, AmqpHost } from "../platform/amqp/amqp-url.ts";
import { openSocket } from "../platform/amqp/socket.ts";

/** A broker that is starting may take a connection and never answer on it: so long (ms) it is waited for. */
const OPEN_MS = 10_000;

/** One connection with one receiver; never repaired, only replaced. */
export interface EventLink {
  /** Ends it, unless it is over. */
  end(reason: string): void;
  /** Messages that the broker may still send; null until it is open. */
  credit(): number | null;
}

/** Opens a link from a queue on which each message is accepted. `onEnd` is called once, however it ends. */
export function openEventLink(
  node: AmqpHost,
  address: AmqpAddress,
  { queue, addressVersion }: { queue: string; addressVersion?: AddressVersion },
  on: { onOpen(): void; onMessage(message: Message): void; onEnd(reason: string): void },
): EventLink {
  let socket: Socket | undefined;
  let receiver: Receiver | undefined;
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
    connection.on(event, (context: EventContext) => end(`${event}${textOf(context)}`));
  for (const event of ["protocol_error", "error"])
    connection.on(event, (error: unknown) => end(String(error)));
  connection.on("connection_open", () => {
    const version = addressVersion ?? addressVersionOf(connection.properties);
    receiver = connection.open_receiver({ source: queueSource(version, queue), credit_window: 500 });
  });
  connection.on("receiver_open", () => {
    clearTimeout(opening);
    on.onOpen();
  });
  connection.on("message", ({ message }: EventContext) => {
    if (!over) on.onMessage(message!);
  });
  connection.connect();
  return {
    end,
    // Not in rhea's types.
    credit: () => (receiver?.is_open() ? (receiver as unknown as { credit: number }).credit : null),
  };
}

/** What the broker or the system says of an end. */
function textOf({ connection, session, receiver, error }: EventContext): string {
  const said = receiver?.error ?? session?.error ?? connection.error ?? error;
  const { condition, description } = (said ?? {}) as { condition?: string; description?: string };
  return said === undefined ? "" : `: ${condition ? `${condition} ${description ?? ""}` : said}`;
}

/** The source of a link from a queue. */
function queueSource(version: AddressVersion, queue: string): string {
  return version === "v1"
    ? `/amq/queue/${encodeURIComponent(queue)}`
    : `/queues/${encodeURIComponent(queue)}`;
}
