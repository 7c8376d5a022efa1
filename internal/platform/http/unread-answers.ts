import type { Server } from "node:http";
import type { Socket } from "node:net";
import { Counter, type Registry } from "../metrics/metrics.ts";

const REASONS = ["unread", "pipelined"] as const;

/** Counts connections that were cut, by reason. */
export function createCutCounter(registry: Registry) {
  const cut = new Counter({
    name: "http_connections_cut_total",
    help: "Connections cut because the client did not read its answers, or sent too many requests at once",
    labelNames: ["reason"] as const,
    registers: [registry],
  });
  for (const reason of REASONS) cut.inc({ reason }, 0);
  return (reason: (typeof REASONS)[number]) => cut.inc({ reason });
}

/**
 * Cuts connections of which the client has read nothing for `answerMs` though there are bytes for it, which
 * no timeout of Node's does while the client goes on sending.
 */
export function cutUnread(server: Server, answerMs: number, onCut: () => void): void {
  const sockets = new Set<Socket>();
  const stuck = new Map<Socket, { sent: number; since: number }>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      stuck.delete(socket);
    });
  });
  const look = () => {
    const now = performance.now();
    for (const socket of sockets) {
      if (socket.writableLength === 0) {
        stuck.delete(socket);
        continue;
      }
      const sent = sentOn(socket);
      const known = stuck.get(socket);
      if (known?.sent !== sent) stuck.set(socket, { sent, since: now });
      else if (now - known.since >= answerMs) {
        onCut();
        socket.destroy();
      }
    }
  };
  const sweep = setInterval(look, Math.min(1_000, answerMs / 2)).unref();
  server.once("close", () => clearInterval(sweep));
}

/**
 * Bytes that the system has taken from us. The socket's own count has those of a large write that is under
 * way from its beginning, and a client that reads it slowly would look as if it read nothing.
 */
function sentOn(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle: Written | null };
  return handle === null ? 0 : handle.bytesWritten - handle.writeQueueSize;
}

interface Written {
  readonly bytesWritten: number;
  /** What of it waits in libuv. */
  readonly writeQueueSize: number;
}
