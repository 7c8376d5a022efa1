import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, type Socket, Server as TcpServer } from "node:net";

export interface HttpServer {
  readonly port: number;
  /** Stops accepting, answers what was accepted, lets keep-alive connections go, then resolves. */
  close(): Promise<void>;
}

/**
 * How long (ms) idle keep-alive connections may linger in a shutdown: a request that was already on its way when
 * we stopped is answered (with `Connection: close`) instead of reset.
 */
const LINGER_MS = 500;

/** Listens with bounds on slow clients: 10 s for the headers, 30 s for a request, 65 s keep-alive (above the gateway's). */
export async function listen(
  handler: RequestListener,
  options: { host: string; port: number },
): Promise<HttpServer> {
  let closing = false;
  const server: Server = createServer({
    keepAliveTimeout: 65_000,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
  });
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
      // Keeps open connections; http.Server's own close would reset idle ones that may carry a request by now.
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
