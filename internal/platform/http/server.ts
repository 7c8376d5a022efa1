import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, type Socket, Server as TcpServer } from "node:net";
import { answerParserFaults } from "./parser-faults.ts";

export interface HttpServer {
  readonly port: number;
  /** Stops accepting, answers what was accepted, lets keep-alive connections go, then resolves. */
  close(): Promise<void>;
}

/**
 * How long (ms) idle keep-alive connections may linger in a shutdown: a request that was already
 * on its way when we stopped is answered (with `Connection: close`) instead of reset.
 */
const LINGER_MS = 500;

/**
 * Bounds on slow clients, in ms: for the headers, for a whole
 * request, and for a connection that waits for the next.
 */
export interface Patience {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
}

/** Keep-alive lasts longer than the gateway keeps its connections, so that none closes as it is used. */
const PATIENCE: Patience = { headersMs: 10_000, requestMs: 30_000, keepAliveMs: 65_000 };

/** Listens with bounds on slow clients; what is too slow or no HTTP is answered with problem+json. */
export async function listen(
  handler: RequestListener,
  options: { host: string; port: number; patience?: Patience },
): Promise<HttpServer> {
  const { headersMs, requestMs, keepAliveMs } = options.patience ?? PATIENCE;
  let closing = false;
  const server: Server = createServer({
    keepAliveTimeout: keepAliveMs,
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    // Node looks for slow requests every 30 s unless told otherwise, whatever the two bounds are.
    connectionsCheckingInterval: Math.min(1_000, headersMs),
  });
  answerParserFaults(server);
  // Connections without a request yet, which Node's closeIdleConnections leaves open.
  const fresh = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    fresh.add(socket);
    socket.once("close", () => fresh.delete(socket));
  });
  server.on("request", (req, res) => {
    fresh.delete(req.socket);
    if (closing) res.setHeader("connection", "close");
    handler(req, res);
  });
  server.maxHeadersCount = 100;
  server.listen(options.port, options.host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      closing = true;
      const closed = once(server, "close");
      // Keeps open connections; http.Server's own close would
      // reset idle ones that may carry a request by now.
      TcpServer.prototype.close.call(server);
      const linger = setTimeout(() => {
        for (const socket of fresh) socket.destroy();
        server.closeIdleConnections();
        // A connection that was mid-request then becomes idle with its answer; sweep until the last one went.
        sweep = setInterval(() => server.closeIdleConnections(), 50);
      }, LINGER_MS);
      let sweep: NodeJS.Timeout | undefined;
      await closed;
      clearTimeout(linger);
      clearInterval(sweep);
    },
  };
}
