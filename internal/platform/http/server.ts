import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, type Socket, Server as TcpServer } from "node:net";
import type { Logger } from "../logger/logger.ts";
import type { Registry } from "../metrics/metrics.ts";
import { type ConnectionLimits, limitConnections } from "./connection-limits.ts";
import { answerParserFaults, createUnreadCounter, refuseDemands, refuseRequest } from "./parser-faults.ts";
import { refuseTarget } from "./request-target.ts";
import { createTurns } from "./turns.ts";
import { createCutCounter, cutUnread } from "./unread-answers.ts";

export interface HttpServer {
  readonly port: number;
  /**
   * From now on each answer, also of a request under way, is its connection's last (`Connection: close`),
   * while new connections are still taken: clients move to other servers before this one stops. Idempotent.
   */
  retire(): void;
  /** Retires, stops accepting, answers what was accepted, lets keep-alive connections go, then resolves. */
  close(): Promise<void>;
}

/**
 * How long (ms) idle keep-alive connections may linger in a shutdown: a request that was already
 * on its way when we stopped is answered (with `Connection: close`) instead of reset.
 */
const LINGER_MS = 500;

/**
 * Bounds on slow clients, in ms: for the headers, for a whole request, for a connection that waits for the
 * next, and for an answer of which nothing is read.
 */
export interface Patience {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
  readonly answerMs: number;
}

/** Keep-alive lasts longer than the gateway keeps its connections, so that none closes as it is used. */
export const PATIENCE: Patience = {
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 65_000,
  answerMs: 30_000,
};

/** What `Keep-Alive: timeout=` tells clients, in ms: less than the chart's SHUTDOWN_DELAY_MS. */
const ANNOUNCED_MS = 5_000;

/** Where a server says what came of requests and connections that no handler saw. */
interface Told {
  readonly registry: Registry;
  readonly log: Logger;
}

/**
 * Listens with bounds on slow clients; what is too slow or no HTTP is answered with problem+json. Without
 * `connections` there may be as many as the system lets through.
 */
export async function listen(
  handler: RequestListener,
  options: {
    host: string;
    port: number;
    patience?: Patience;
    told?: Told;
    connections?: ConnectionLimits;
  },
): Promise<HttpServer> {
  const { headersMs, requestMs, keepAliveMs, answerMs } = options.patience ?? PATIENCE;
  let retired = false;
  const server: Server = createServer({
    // Clients that heed `Keep-Alive` give a connection up long before we close it, in a shutdown too.
    keepAliveTimeout: Math.min(ANNOUNCED_MS, keepAliveMs),
    keepAliveTimeoutBuffer: Math.max(0, keepAliveMs - ANNOUNCED_MS),
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    // Node looks for slow requests every 30 s unless told otherwise, whatever the two bounds are.
    connectionsCheckingInterval: Math.min(1_000, headersMs),
    // Checked by us (request-target.ts), because Node answers it without a body.
    requireHostHeader: false,
  });
  const unread = options.told && createUnreadCounter(options.told.registry);
  const onUnread = (code: string) => unread?.inc({ code });
  if (options.told && options.connections) limitConnections(server, options.connections, options.told);
  const cut = options.told && createCutCounter(options.told.registry);
  cutUnread(server, answerMs, () => cut?.("unread"));
  // Connections without a request yet, which Node's closeIdleConnections leaves open.
  const fresh = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    fresh.add(socket);
    socket.once("close", () => fresh.delete(socket));
  });
  const answer: RequestListener = (req, res) => {
    if (retired) res.setHeader("connection", "close");
    const refusal = refuseTarget(req) ?? refuseDemands(req);
    if (refusal === null) return handler(req, res);
    onUnread(refusal.code);
    refuseRequest(req, res, refusal);
  };
  const turns = createTurns(answer, (socket) => {
    cut?.("pipelined");
    socket.destroy();
  });
  const take: RequestListener = (req, res) => {
    fresh.delete(req.socket);
    turns.take(req, res);
  };
  server.on("request", take);
  // Its refusal ends the connection, so that nothing that waits behind it may be begun.
  server.on("checkExpectation", take);
  answerParserFaults(server, turns, onUnread);
  const retire = () => {
    retired = true;
    for (const res of turns.unanswered) if (!res.headersSent) res.setHeader("connection", "close");
  };
  const closeIdle = () => {
    for (const socket of fresh) socket.destroy();
    server.closeIdleConnections();
  };
  server.maxHeadersCount = 100;
  server.listen(options.port, options.host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    retire,
    close: async () => {
      retire();
      const closed = once(server, "close");
      // Keeps open connections; http.Server's own close would
      // reset idle ones that may carry a request by now.
      TcpServer.prototype.close.call(server);
      let sweep: NodeJS.Timeout | undefined;
      const linger = setTimeout(() => {
        // After what has arrived is read: Node takes a connection for idle
        // whose request still lies in the kernel, and would reset it.
        const look = () => setImmediate(closeIdle);
        look();
        // A connection that was mid-request then becomes idle with its answer.
        sweep = setInterval(look, 50);
      }, LINGER_MS);
      await closed;
      clearTimeout(linger);
      clearInterval(sweep);
    },
  };
}
