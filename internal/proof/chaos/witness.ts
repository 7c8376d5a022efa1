import rhea, { type EventContext, type Message } from "rhea";
import type { Arrival, OrderArrival } from "./check/history.ts";

/** A consumer of the run's own, which shares no code with the product and outlives the broker. */
export interface Witness {
  /** Every cart's event that arrived, in order of arrival, repeats included. */
  readonly arrivals: readonly Arrival[];
  /** The orders' likewise. */
  readonly orderArrivals: readonly OrderArrival[];
  close(): void;
}

const RECONNECT_MS = 200;

/** A connection that brings nothing for so long (ms) is replaced; what it held comes on the next. */
const QUIET_MS = 10_000;

/**
 * Consumes a queue for as long as it lives; connects again whenever the broker is gone, or seems to be: one
 * that is starting may take a connection and never answer on it.
 */
export async function openWitness(url: string, queue: string, quietMs = QUIET_MS): Promise<Witness> {
  const { hostname, port, username, password } = new URL(url);
  const arrivals: Arrival[] = [];
  const orderArrivals: OrderArrival[] = [];
  let closed = false;
  let attached: () => void;
  const firstOpen = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`queue ${queue} could not be consumed`)), 20_000);
    attached = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  let hangUp = () => {};
  const connect = () => {
    let over = false;
    const connection = rhea.create_connection({
      host: hostname,
      port: Number(port || 5672),
      username: decodeURIComponent(username),
      password: decodeURIComponent(password),
      reconnect: false,
      idle_time_out: 5_000,
    });
    hangUp = () => {
      if (over) return;
      over = true;
      clearTimeout(quiet);
      connection.close();
      if (!closed) setTimeout(connect, RECONNECT_MS);
    };
    const quiet = setTimeout(hangUp, quietMs);
    // A broker that is down is what the run is about: whatever happened, the answer is another connection.
    for (const event of [
      "connection_close",
      "session_close",
      "receiver_close",
      "disconnected",
      "protocol_error",
      "error",
    ])
      connection.on(event, hangUp);
    for (const event of ["connection_error", "session_error", "receiver_error"])
      connection.on(event, () => {});
    connection.on("message", ({ message }: EventContext) => {
      if (over) return;
      quiet.refresh();
      const told = read(message!);
      if ("order" in told) orderArrivals.push(told.order);
      else arrivals.push(told.cart);
    });
    connection.on("receiver_open", () => attached());
    connection.on("connection_open", () => {
      const four = Number.parseInt(String(connection.properties?.version), 10) >= 4;
      const source = four ? `/queues/${queue}` : `/amq/queue/${queue}`;
      connection.open_receiver({ source, credit_window: 500 });
    });
    connection.connect();
  };
  const close = () => {
    closed = true;
    hangUp();
  };
  connect();
  await firstOpen;
  return { arrivals, orderArrivals, close };
}

/** The event that a message tells of; whether its data are true the checker judges. */
function read(message: Message): { cart: Arrival } | { order: OrderArrival } {
  const properties = message.application_properties ?? {};
  const type = String(properties["cloudEvents:type"]);
  const isOrder = type.startsWith("order.");
  const trace = properties["cloudEvents:traceparent"];
  const common = {
    id: String(message.message_id),
    type,
    subject: String(properties["cloudEvents:subject"]),
    version: Number(properties[`cloudEvents:${isOrder ? "orderversion" : "cartversion"}`]),
    trace: typeof trace === "string" ? (trace.split("-")[1] ?? null) : null,
    occurredAt: Date.parse(String(properties["cloudEvents:time"])),
    receivedAt: Date.now(),
  };
  const data: unknown = JSON.parse((message.body as { content: Buffer }).content.toString("utf8"));
  return isOrder
    ? { order: { ...common, data: data as OrderArrival["data"] } }
    : { cart: { ...common, data: data as Arrival["data"] } };
}
