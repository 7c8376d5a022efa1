import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import rhea, {
  type Connection,
  type EventContext,
  type Message,
  type Receiver,
  type Session,
  type TerminusOptions,
} from "rhea";

/** What the stand-in says to a message; `silence` never answers. */
export type Verdict =
  | "accepted"
  | "released"
  | "modified"
  | "rejected"
  | "silence"
  | { readonly rejected: string; readonly description?: string };

/**
 * A stand-in for RabbitMQ 4, for states that a real one cannot be brought into at a wish: a peer built
 * from rhea that announces itself as 4.0.5 and behaves, as far as a publisher can tell, as 4.0.5 and
 * 4.3.6 were seen to behave. What a real broker can show is tested on a real one.
 */
export interface FakeRabbit4 {
  readonly url: string;
  /** Messages it has taken responsibility for, in order. */
  readonly accepted: Message[];
  /** Every message that arrived. */
  readonly arrived: Message[];
  /** Connections that are open now. */
  connections(): number;
  /** Decides about messages from now on. */
  judge(verdict: (message: Message) => Verdict): void;
  setExchanges(names: readonly string[]): void;
  /** Whether the user may write to the exchanges; as with RabbitMQ, a link that is open keeps what it has. */
  setWritable(writable: boolean): void;
  /** Credit for a link that opens from now on; 170 at first, and then renewed as messages arrive. */
  setCredit(credit: number): void;
  /** Gives this much more credit to links on the anonymous terminus. */
  addCredit(credit: number): void;
  /** Closes or opens the window of every session, now and to come: a memory alarm. */
  setWindow(state: "open" | "closed"): void;
  endSessions(condition: string, description: string): void;
  detachLinks(condition: string): void;
  /** Ends every connection with an AMQP close, as a graceful stop does. */
  closeConnections(): void;
  /** Resets every socket, as a killed broker does. */
  dropConnections(): void;
  close(): Promise<void>;
}

interface Fault {
  readonly condition: string;
  readonly description: string;
}

const USER = "relay";
const PASSWORD = "secret";

export async function startFakeRabbit4(options: { maxMessageSize?: number } = {}): Promise<FakeRabbit4> {
  const container = rhea.create_container({ id: "fake-rabbit4" });
  container.sasl_server_mechanisms.enable_plain((user: string, password: string) =>
    Promise.resolve(user === USER && password === PASSWORD),
  );
  const accepted: Message[] = [];
  const arrived: Message[] = [];
  const connections = new Set<Connection>();
  const receivers = new Set<Receiver>();
  let verdict: (message: Message) => Verdict = () => "accepted";
  let exchanges = new Set(["cart.events"]);
  let credit = 170;
  let writable = true;
  let closedWindow = false;

  container.on("connection_open", ({ connection }: EventContext) => connections.add(connection));
  container.on("disconnected", ({ connection }: EventContext) => connections.delete(connection));
  container.on("connection_close", ({ connection }: EventContext) => connections.delete(connection));
  container.on("error", () => {}); // the other side went away in the middle of something
  container.on("session_open", ({ session }: EventContext) => {
    if (closedWindow) setIncomingWindow(session!, true);
  });
  container.on("receiver_open", ({ receiver }: EventContext) => {
    const refused = attachFault(receiver!.target);
    if (refused) return receiver!.session.close(refused);
    receiver!.add_credit(credit);
    receivers.add(receiver!);
  });
  container.on("receiver_close", ({ receiver }: EventContext) => receivers.delete(receiver!));
  container.on("message", ({ message, delivery, receiver }: EventContext) => {
    arrived.push(message!);
    if (Buffer.byteLength(String(message!.body?.content ?? "")) > (options.maxMessageSize ?? Infinity))
      return receiver!.session.close({
        condition: "amqp:link:message-size-exceeded",
        description: `message size exceeds ${options.maxMessageSize}`,
      });
    if (credit >= 100) receiver!.add_credit(1);
    const exchange = exchangeOf(message!.to);
    const said = exchanges.has(exchange ?? "") ? verdict(message!) : { rejected: "amqp:not-found" };
    if (said === "accepted") {
      accepted.push(message!);
      delivery!.accept();
    } else if (said === "released") delivery!.release();
    else if (said === "modified") delivery!.modified({ delivery_failed: true });
    else if (said === "rejected") delivery!.reject();
    else if (said !== "silence")
      delivery!.reject({
        condition: said.rejected,
        description: said.description ?? "said the stand-in",
      });
  });

  /** What ends the session of a link to `target`; null when the link may open. */
  function attachFault(target: TerminusOptions | null | undefined): Fault | null {
    if (!target) return { condition: "amqp:internal-error", description: "function_clause ensure_target" };
    const { address } = target;
    if (address === null || address === undefined) return null;
    const exchange = exchangeOf(address as string);
    if (exchange === undefined)
      return { condition: "amqp:invalid-field", description: `not a v2 address: ${address}` };
    if (!exchanges.has(exchange))
      return { condition: "amqp:not-found", description: `no exchange '${exchange}' in vhost '/'` };
    const description = `write access to exchange '${exchange}' in vhost '/' refused for user '${USER}'`;
    return writable ? null : { condition: "amqp:unauthorized-access", description };
  }

  const listening = {
    host: "127.0.0.1",
    port: 0,
    tcp_no_delay: true,
    properties: { product: "RabbitMQ", version: "4.0.5" },
    receiver_options: {
      autoaccept: false,
      credit_window: 0,
      ...(options.maxMessageSize !== undefined && { max_message_size: options.maxMessageSize }),
    },
  };
  const server: Server = container.listen(listening);
  await once(server, "listening");
  const drop = () => {
    // With an error, or rhea goes on sending heartbeats.
    for (const { socket } of connections as unknown as Iterable<{ socket: Socket }>)
      socket.destroy(new Error("dropped"));
    connections.clear();
    receivers.clear();
  };
  return {
    url: `amqp://${USER}:${PASSWORD}@127.0.0.1:${(server.address() as AddressInfo).port}`,
    accepted,
    arrived,
    connections: () => connections.size,
    judge: (next) => {
      verdict = next;
    },
    setExchanges: (names) => {
      exchanges = new Set(names);
    },
    setWritable: (next) => {
      writable = next;
    },
    setCredit: (next) => {
      credit = next;
    },
    addCredit: (more) => {
      for (const receiver of receivers) receiver.add_credit(more);
    },
    setWindow: (state) => {
      closedWindow = state === "closed";
      for (const { session } of receivers) setIncomingWindow(session, closedWindow);
    },
    endSessions: (condition, description) => {
      for (const { session } of receivers) session.close({ condition, description });
      receivers.clear();
    },
    detachLinks: (condition) => {
      for (const receiver of receivers) receiver.close({ condition, description: "said the stand-in" });
      receivers.clear();
    },
    closeConnections: () => {
      for (const connection of connections)
        connection.close({
          condition: "amqp:internal-error",
          description: "Connection forced: \"broker forced connection closure with reason 'shutdown'\"",
        });
    },
    dropConnections: drop,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      drop();
      await closed;
    },
  };
}

/** The exchange that a v2 address names; undefined for another address or none. */
function exchangeOf(address: string | null | undefined): string | undefined {
  const [, name] = /^\/exchanges\/([^/]+)(\/.*)?$/.exec(address ?? "") ?? [];
  return name === undefined ? undefined : decodeURIComponent(name);
}

/** Announces another incoming window than rhea would, as RabbitMQ 4 does in an alarm. */
function setIncomingWindow(session: Session, closed: boolean): void {
  const half = session as unknown as {
    incoming: { deliveries: { available?: () => number } };
    _write_flow(): void;
  };
  if (closed) half.incoming.deliveries.available = () => 0;
  else delete half.incoming.deliveries.available;
  half._write_flow();
}
