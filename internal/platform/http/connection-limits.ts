import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Logger } from "../logger/logger.ts";
import { Counter, Gauge, type Registry } from "../metrics/metrics.ts";
import { networkOf } from "../net/network-of.ts";
import type { Problem } from "../problem/problem.ts";
import { answerLast, answerTo } from "./parser-faults.ts";

/** How many connections there may be at once: in all, and from one address. */
export interface ConnectionLimits {
  readonly total: number;
  /** An IPv6 address counts with all of its /64 network. What the connection's requests say is not asked. */
  readonly perAddress: number;
  /** Whose connections count in the total alone: load balancers, which bring those of many. */
  readonly isExempt: (address: string) => boolean;
  /** Beyond so many refusals under way others are cut off unanswered; default {@link MOST_REFUSALS}. */
  readonly refusalsUnderWay?: number;
}

/** So many may be reading why they are turned away at once. */
const MOST_REFUSALS = 256;

/** One line in the log for all that are turned away until nobody was for this long, in ms. */
const QUIET_MS = 60_000;

const PROBLEMS = {
  address: {
    code: "TOO_MANY_CONNECTIONS",
    detail: "There are too many connections from your address; use those that you have.",
    headers: { "retry-after": "1" },
  },
  total: {
    code: "OUT_OF_CONNECTIONS",
    detail: "There are too many connections at the moment; please try again.",
    headers: { "retry-after": "1" },
  },
} as const satisfies Record<string, Problem>;

/** Counts connections that are turned away, by reason; `open` says how many there are. */
export function createConnectionMetrics(registry: Registry, open: () => number) {
  const refused = new Counter({
    name: "http_connections_refused_total",
    help: "Connections turned away because there were too many, in all or from one address",
    labelNames: ["reason"] as const,
    registers: [registry],
  });
  for (const reason of ["address", "total"] as const) refused.inc({ reason }, 0);
  new Gauge({
    name: "http_connections",
    help: "Connections of clients that are open",
    registers: [registry],
    collect() {
      this.set(open());
    },
  });
  return refused;
}

/** Turns connections of `server` beyond `limits` away, each with a problem, before anything of it is read. */
export function limitConnections(
  server: Server,
  limits: ConnectionLimits,
  { registry, log }: { registry: Registry; log: Logger },
): void {
  let open = 0;
  const refused = createConnectionMetrics(registry, () => open);
  const byNetwork = new Map<string, number>();
  const mostRefusals = limits.refusalsUnderWay ?? MOST_REFUSALS;
  let refusalsUnderWay = 0;
  const quietAt = { address: 0, total: 0 };

  const admit = (socket: Socket): keyof typeof PROBLEMS | null => {
    const address = socket.remoteAddress ?? "";
    if (open >= limits.total) return "total";
    const network = limits.isExempt(address) ? null : networkOf(address);
    const others = network === null ? 0 : (byNetwork.get(network) ?? 0);
    if (others >= limits.perAddress) return "address";
    open++;
    if (network !== null) byNetwork.set(network, others + 1);
    socket.once("close", () => {
      open--;
      if (network === null) return;
      const left = (byNetwork.get(network) ?? 1) - 1;
      if (left === 0) byNetwork.delete(network);
      else byNetwork.set(network, left);
    });
    return null;
  };

  const turnAway = (socket: Socket, reason: keyof typeof PROBLEMS) => {
    refused.inc({ reason });
    const now = Date.now();
    if (now >= quietAt[reason])
      log.warn({ reason, address: socket.remoteAddress, open }, "connections are turned away");
    quietAt[reason] = now + QUIET_MS;
    socket.on("error", () => {});
    if (refusalsUnderWay >= mostRefusals) return void socket.destroy();
    refusalsUnderWay++;
    socket.once("close", () => refusalsUnderWay--);
    answerLast(socket, answerTo(PROBLEMS[reason], ""));
  };

  // The one listener of a new http.Server: it begins to read requests.
  const serve = server.listeners("connection")[0] as (socket: Socket) => void;
  server.removeListener("connection", serve);
  server.on("connection", (socket: Socket) => {
    const reason = admit(socket);
    if (reason === null) serve.call(server, socket);
    else turnAway(socket, reason);
  });
}
