import type { Socket } from "node:net";
import {
  Connection,
  ConnectionEvents,
  type Delivery,
  type EventContext,
  type Sender,
  SenderEvents,
  SessionEvents,
} from "rhea-promise";
import { type AddressVersion, addressVersionOf } from "./address.ts";
import type { AmqpAddress, AmqpHost } from "./amqp-url.ts";
import type { LinkEnd } from "./link-end.ts";
import { attach, type OpenLink, openLink } from "./open-link.ts";
import type { SendOutcome } from "./outcome.ts";
import { ACCEPTED, type Condition, endOf, lost, RELEASED, rejected } from "./outcome.ts";
import { protocolFault, SILENT_REFUSAL_MS, socketFault, WRONG_VHOST } from "./set-up-faults.ts";
import { openSocket } from "./socket.ts";

export interface SenderLinkOptions {
  readonly address: AmqpAddress;
  /** The one of its hosts to connect to. */
  readonly node: AmqpHost;
  readonly exchange: string;
  readonly addressVersion: "auto" | AddressVersion;
  /** How long each step of opening may take, in ms. */
  readonly openTimeoutMs: number;
  /** After twice this without a sign of life from the broker the link ends, in ms. */
  readonly idleTimeoutMs: number;
  onAnswer(delivery: Delivery, outcome: SendOutcome, condition: string | undefined): void;
  /** The broker may have room for more now. */
  onCredit(): void;
  /**
   * Called exactly once, unless {@link SenderLink.close} came
   * first: the link is no more, nor is its connection.
   */
  onEnd(end: LinkEnd): void;
}

/**
 * One connection, its session and its sender, from opening to
 * its first failure; never repaired, only replaced.
 */
export interface SenderLink {
  /** Null until the link is open. */
  opened(): OpenLink | null;
  /** Ends the link now, as if it had failed. */
  end(end: LinkEnd): void;
  /** Closes the connection by AMQP's handshake, then destroys it, within a second; onEnd is not called. */
  close(): Promise<void>;
}

/** What rhea keeps of the login: read to its end once it has succeeded. Not in its types. */
interface DriverConnection {
  readonly sasl_transport?: { readonly transport: { readonly read_complete: boolean } };
}

const CLOSE_TIMEOUT_MS = 1_000;

/** Begins to open a link to `exchange`; `onOpen` is called when messages can be sent, else `onEnd`. */
export function openSenderLink(options: SenderLinkOptions, onOpen: (link: OpenLink) => void): SenderLink {
  const { address, node, exchange, onAnswer, onCredit, onEnd } = options;
  let socket: Socket | undefined;
  let opened: OpenLink | null = null;
  let over = false;
  /** The broker has opened the connection; rhea forgets that before it tells of the connection's loss. */
  let wasOpen = false;
  const began = performance.now();

  const connection = new Connection({
    ...node,
    username: address.username,
    password: address.password,
    ...(address.vhost !== undefined && { hostname: `vhost:${address.vhost}` }),
    reconnect: false,
    idle_time_out: options.idleTimeoutMs,
    operationTimeoutInSeconds: options.openTimeoutMs / 1000,
    connection_details: () => ({
      ...node,
      connect: (_port: number, _host: string, _options: unknown, connected: () => void) => {
        socket = openSocket(node, address, connected);
        return socket;
      },
    }),
  });

  function end(reason: LinkEnd): void {
    if (over) return;
    over = true;
    opened = null;
    destroy();
    onEnd(reason);
  }

  function destroy(): void {
    // With an error, because rhea stops its timers on a socket's
    // `error` or `end`, and does not listen for `close`.
    socket?.destroy(new Error("destroyed after a failure or a close"));
  }

  const onConnection = (event: ConnectionEvents, toEnd: (context: EventContext) => LinkEnd) =>
    connection.on(event, (context) => end(toEnd(context)));
  const connectionEnd = () => endOf("connection", connection.getError(), exchange);
  connection.on(ConnectionEvents.connectionOpen, () => {
    wasOpen = true;
  });
  onConnection(ConnectionEvents.connectionError, connectionEnd);
  onConnection(ConnectionEvents.connectionClose, connectionEnd);
  onConnection(ConnectionEvents.disconnected, ({ error }) => disconnection(error));
  // For these two rhea hands over the error in place of a context.
  onConnection(ConnectionEvents.protocolError, ({ _context }) => protocolError(text(_context)));
  onConnection(ConnectionEvents.error, ({ _context }) => lost(`driver error: ${text(_context)}`));

  /** The broker was asked to open the connection and has not answered, though it has let the user in. */
  function refusedInSilence(): boolean {
    const { sasl_transport: login } = connection["_connection"] as unknown as DriverConnection;
    const waited = performance.now() - began >= SILENT_REFUSAL_MS;
    return login?.transport.read_complete === true && !wasOpen && waited;
  }

  function disconnection(error: unknown): LinkEnd {
    if (refusedInSilence()) return WRONG_VHOST;
    if (error === undefined) return lost("the broker went away");
    return socketFault((error as { code?: unknown }).code) ?? lost(`connection failed: ${text(error)}`);
  }

  function watchLink(sender: Sender): void {
    const ended = () => end(endOf("link", sender.error as Condition | undefined, exchange));
    sender.on(SenderEvents.senderError, ended);
    sender.on(SenderEvents.senderClose, ended);
    sender.on(SenderEvents.sendable, onCredit);
    sender.on(SenderEvents.accepted, ({ delivery }) => onAnswer(delivery!, ACCEPTED, undefined));
    sender.on(SenderEvents.released, ({ delivery }) => onAnswer(delivery!, RELEASED, undefined));
    sender.on(SenderEvents.modified, ({ delivery }) => onAnswer(delivery!, RELEASED, undefined));
    sender.on(SenderEvents.rejected, ({ delivery }) => {
      const error = (delivery!.remote_state as { error?: Condition }).error;
      onAnswer(delivery!, rejected(error), error?.condition);
    });
  }

  async function open(): Promise<void> {
    await connection.open();
    const broker = connection.properties ?? {};
    const version = options.addressVersion === "auto" ? addressVersionOf(broker) : options.addressVersion;
    const session = await connection.createSession();
    const sessionEnded = () => end(endOf("link", session.error as Condition | undefined, exchange));
    session.on(SessionEvents.sessionError, sessionEnded);
    session.on(SessionEvents.sessionClose, sessionEnded);
    const sender = await attach(session, version, exchange);
    watchLink(sender);
    if (!sender.isOpen()) return end(endOf("link", sender.error as Condition | undefined, exchange));
    opened = openLink(
      session,
      sender,
      version,
      `${broker.product ?? "broker"} ${broker.version ?? ""}`.trim(),
    );
    onOpen(opened);
  }

  // Most failures have ended the link by the time their step rejects: through the listeners above.
  open().catch((err: unknown) => end(failedToOpen(err, exchange)));

  return {
    opened: () => opened,
    end,
    close: async () => {
      if (over) return;
      over = true;
      opened = null;
      let timer: NodeJS.Timeout | undefined;
      const timedOut = new Promise((resolve) => {
        timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
      });
      // A close that fails or stays unanswered changes nothing: the socket is destroyed either way.
      const closed = connection.isOpen() ? connection.close().catch(() => {}) : undefined;
      await Promise.race([closed, timedOut]);
      clearTimeout(timer);
      destroy();
    },
  };
}

function failedToOpen(error: unknown, exchange: string): LinkEnd {
  const { condition, message } = (error ?? {}) as { condition?: unknown; message?: unknown };
  if (typeof condition === "string") return endOf("link", error as Condition, exchange);
  // rhea-promise's own words name the link, and with it a new random name each time.
  if (String(message).includes("operation timeout")) return lost("the broker does not answer");
  return lost(`the broker cannot be reached: ${text(error)}`);
}

function protocolError(words: string): LinkEnd {
  return protocolFault(words) ?? lost(`protocol error: ${words}`);
}

/**
 * The message of an error, for people. Never the error itself:
 * rhea's carry the connection and with it the password.
 */
function text(error: unknown): string {
  if (typeof error !== "object" || error === null) return String(error);
  const { code, condition, description, message } = error as Record<string, unknown>;
  return String(code ?? (condition ? `${condition} ${description ?? ""}`.trim() : message));
}
