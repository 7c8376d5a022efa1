import { ExponentialBackoff, halfJitterGenerator, type IBackoff } from "cockatiel";
import type { Logger } from "../logger/logger.ts";
import type { AddressVersion } from "./address.ts";
import type { AmqpAddress } from "./amqp-url.ts";
import { createInFlight } from "./in-flight.ts";
import type { LinkEnd } from "./link-end.ts";
import { createNodes } from "./nodes.ts";
import type { OpenLink } from "./open-link.ts";
import { isSetUpFault, lost, type SendOutcome } from "./outcome.ts";
import { openSenderLink, type SenderLink } from "./sender-link.ts";
import { createStateLog } from "./state-log.ts";

export interface AmqpSenderOptions {
  readonly address: AmqpAddress;
  readonly exchange: string;
  readonly addressVersion: "auto" | AddressVersion;
  /** How long a message may stay unanswered, in ms, before the connection is given up. */
  readonly sendTimeoutMs: number;
  /** The broker is given up after twice this without a sign of life, in ms. */
  readonly idleTimeoutMs: number;
  readonly log: Logger;
  /** Called with true when messages can be sent, with false when no longer. */
  readonly onState: (up: boolean) => void;
}

/**
 * Sends to one exchange over a connection that is opened again whenever
 * it fails, then to the next of the address's hosts.
 */
export interface AmqpSender {
  /**
   * Sends what `encode` makes for the broker's address version; a throw of it is a
   * refusal. Never rejects and never hangs. `unknown` at once while no messages can be
   * sent; and for everything in flight when the connection, session or link ends.
   */
  send(encode: (version: AddressVersion) => Buffer): Promise<SendOutcome>;
  /** Resolves once messages can be sent; rejects when `signal` aborts or the sender is closed. */
  ready(signal: AbortSignal): Promise<void>;
  /** Why no messages can be sent now, or null. */
  fault(): string | null;
  /** Waits for what is in flight, then closes. */
  close(): Promise<void>;
}

const RECONNECT = new ExponentialBackoff({
  initialDelay: 100,
  maxDelay: 5_000,
  generator: halfJitterGenerator,
});
const OPEN_TIMEOUT_MS = 10_000;
/** Where there are other hosts, a silent one is left sooner; RabbitMQ refuses a login after 3 s. */
const OPEN_TIMEOUT_OF_MANY_MS = 5_000;
const BLOCKED = "the broker accepts no messages (memory or disk alarm?)";
const CLOSED = "the publisher is closed";

/**
 * Connects in the background from the start, and after each failure again with growing pauses of at most 5 s,
 * until closed. Throws nothing: why it cannot send is told by `fault`.
 */
export function createAmqpSender(options: AmqpSenderOptions): AmqpSender {
  const { exchange, sendTimeoutMs } = options;
  const nodes = createNodes(options.address.hosts);
  const openTimeoutMs = options.address.hosts.length > 1 ? OPEN_TIMEOUT_OF_MANY_MS : OPEN_TIMEOUT_MS;
  /** Reset by an answer to a message, not by a connection: some brokers accept nothing else. */
  let pause: IBackoff<unknown> | null = null;
  const state = createStateLog(options.log, exchange);
  const wakeups = new Set<() => void>();
  const inFlight = createInFlight(() => drained?.());
  let drained: (() => void) | undefined;
  let fault: string | null = "not connected to the broker yet";
  let closing = false;
  let retry: NodeJS.Timeout | undefined;
  let open: OpenLink | null = null;
  let link: SenderLink = connect();
  // Polled: rhea emits no event when the session's window closes or
  // opens, and a timer per message costs too much.
  const watch = setInterval(look, Math.min(100, Math.max(10, sendTimeoutMs / 20)));
  watch.unref();

  function connect(): SenderLink {
    return openSenderLink(
      {
        ...options,
        node: nodes.current(),
        openTimeoutMs,
        onAnswer: (delivery, outcome, condition) => {
          // With v2 a message to an exchange that was deleted is rejected: not the fault of the message.
          if (outcome.kind === "refused" && isSetUpFault(condition))
            link.end({ reason: outcome.error, sessionFault: false, lasting: true });
          else {
            pause = null;
            nodes.works();
            inFlight.answer(delivery, outcome);
          }
          sendWaiting();
        },
        onCredit: sendWaiting,
        onEnd: ended,
      },
      (opened) => {
        open = opened;
        look();
      },
    );
  }

  function sendWaiting(): void {
    if (open && !open.windowClosed()) inFlight.sendWaiting(open);
  }

  function ended(end: LinkEnd): void {
    open = null;
    inFlight.settleAll({ kind: "unknown", sessionFault: end.sessionFault, error: end.reason });
    if (closing) return;
    down(nodes.named(end));
    const allTried = nodes.next();
    if (pause === null) pause = RECONNECT.next();
    else if (allTried) pause = pause.next(undefined);
    retry = setTimeout(() => {
      link = connect();
    }, pause.duration);
  }

  function down(end: LinkEnd): void {
    fault = end.reason;
    state.down(end);
    options.onState(false);
  }

  /**
   * Polls for states that rhea emits no event for: a closed
   * window, a reopened one, an answer that does not come.
   */
  function look(): void {
    if (!open) return;
    if (open.windowClosed()) {
      if (fault !== BLOCKED) down(lost(BLOCKED));
      // These were never sent. What is in flight may still be answered.
      inFlight.settleWaiting({ kind: "unknown", sessionFault: false, error: BLOCKED });
    } else if (fault !== null && !closing) {
      fault = null;
      state.up(open, nodes.current());
      options.onState(true);
      for (const wake of [...wakeups]) wake();
    }
    const oldest = inFlight.oldest();
    if (oldest !== null && performance.now() - oldest > sendTimeoutMs)
      link.end(lost(`a message was not answered within ${sendTimeoutMs} ms`));
  }

  return {
    send: (encode) => {
      if (closing || !open || open.windowClosed())
        return Promise.resolve({ kind: "unknown", sessionFault: false, error: fault ?? BLOCKED });
      let encoded: Buffer;
      try {
        encoded = encode(open.addressVersion);
      } catch (error) {
        return Promise.resolve({ kind: "refused", about: "encoding", error: `cannot be encoded: ${error}` });
      }
      if (encoded.length <= open.maxMessageSize) return inFlight.add(open, encoded);
      const error = `the message has ${encoded.length} bytes, and the broker takes at most ${open.maxMessageSize}`;
      return Promise.resolve({ kind: "refused", about: "message", error });
    },
    ready: async (signal) => {
      signal.throwIfAborted();
      if (!closing && open && fault === null && !open.windowClosed()) return;
      if (closing) throw new Error(CLOSED);
      await new Promise<void>((resolve, reject) => {
        const woken = () => {
          wakeups.delete(woken);
          signal.removeEventListener("abort", aborted);
          if (closing) reject(new Error(CLOSED));
          else resolve();
        };
        const aborted = () => {
          wakeups.delete(woken);
          reject(signal.reason);
        };
        wakeups.add(woken);
        signal.addEventListener("abort", aborted, { once: true });
      });
    },
    fault: () => fault ?? (open?.windowClosed() ? BLOCKED : null),
    close: async () => {
      if (closing) return;
      closing = true;
      clearTimeout(retry);
      if (inFlight.size() > 0)
        await new Promise<void>((resolve) => {
          drained = resolve;
        });
      clearInterval(watch);
      open = null;
      fault = CLOSED;
      await link.close();
      options.onState(false);
      for (const wake of [...wakeups]) wake();
    },
  };
}
