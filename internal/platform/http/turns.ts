import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Pipelined requests that may wait on a connection, each some KB with its response. */
const MOST_WAITING = 32;

export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** The requests of one connection, in their order. */
interface Line {
  /** That came last, until it is whole and answered. */
  last: Exchange | null;
  isBusy: boolean;
  waiting: Exchange[];
  /** What is to be done once all are answered, if the connection lives. */
  finish: (() => void) | null;
}

export type Turns = ReturnType<typeof createTurns>;

/**
 * Hands requests to `handle` one by one on each connection: the next when the answer before it has gone to
 * the system, which takes it as the client reads. Else answers to pipelined requests pile up in memory for
 * a client that reads none. A connection on which more wait than may is given to `onFlood`, to be cut:
 * one that is not read instead would not show when its client leaves.
 */
export function createTurns(handle: RequestListener, onFlood: (socket: Socket) => void) {
  const lines = new Map<Socket, Line>();
  const unanswered = new Set<ServerResponse>();

  function begin(line: Line, { req, res }: Exchange): void {
    line.isBusy = true;
    unanswered.add(res);
    res.once("close", () => proceed(line, req, res));
    handle(req, res);
  }

  function proceed(line: Line, { socket, complete }: IncomingMessage, res: ServerResponse): void {
    line.isBusy = false;
    unanswered.delete(res);
    if (complete && line.last?.res === res) line.last = null;
    // After the connection's last answer, or without it, nobody waits any more.
    if (!socket.writable) line.waiting = [];
    const next = line.waiting.shift();
    if (next !== undefined) begin(line, next);
    else if (socket.writable) line.finish?.();
  }

  function join(socket: Socket): Line {
    const line: Line = { last: null, isBusy: false, waiting: [], finish: null };
    lines.set(socket, line);
    socket.once("close", () => lines.delete(socket));
    return line;
  }

  return {
    take(req: IncomingMessage, res: ServerResponse): void {
      // It came after the connection's last answer.
      if (!req.socket.writable) return;
      const exchange = { req, res };
      const line = lines.get(req.socket) ?? join(req.socket);
      line.last = exchange;
      if (!line.isBusy) begin(line, exchange);
      else if (line.waiting.length < MOST_WAITING) line.waiting.push(exchange);
      else if (!req.socket.destroyed) onFlood(req.socket);
    },
    /** Of all connections, those that `handle` was given and that are not over. */
    unanswered: unanswered as Iterable<ServerResponse>,
    /** The request of a connection that came last, unless it is whole and answered. */
    last: (socket: Socket) => lines.get(socket)?.last ?? null,
    /** Drops the last request if it waits, and says whether it did. */
    withdraw(socket: Socket, exchange: Exchange): boolean {
      const line = lines.get(socket);
      if (line?.waiting.at(-1) !== exchange) return false;
      line.waiting.pop();
      line.last = null;
      return true;
    },
    /** Does `act` once all requests of a connection are answered; never when it is closed before. */
    whenAnswered(socket: Socket, act: () => void): void {
      const line = lines.get(socket);
      if (line?.isBusy) line.finish ??= act;
      else act();
    },
  };
}
