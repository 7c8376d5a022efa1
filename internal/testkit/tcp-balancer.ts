import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** One server behind a balancer. */
export interface Backend {
  readonly url: string;
  readonly adminUrl: string;
}

/** How often backends are asked whether they are ready, in ms: well below their SHUTDOWN_DELAY_MS. */
const LOOK_EVERY_MS = 50;

/**
 * One address before several servers, as a Service is: each new connection goes to the next that is ready by
 * its `/readyz`; connections that stand stay with theirs.
 */
export async function startTcpBalancer(
  backends: readonly Backend[],
): Promise<{ url: string; stop(): Promise<void> }> {
  let ready: readonly Backend[] = backends;
  let stopped = false;
  let turn = 0;
  const sockets = new Set<Socket>();

  const looking = (async () => {
    while (!stopped) {
      const isReady = await Promise.all(
        backends.map(({ adminUrl }) =>
          fetch(`${adminUrl}/readyz`).then(
            (answer) => answer.ok,
            () => false,
          ),
        ),
      );
      ready = backends.filter((_, i) => isReady[i]);
      await delay(LOOK_EVERY_MS);
    }
  })();

  const server = createServer({ allowHalfOpen: true }, (client) => {
    const backend = ready[turn++ % Math.max(1, ready.length)];
    if (backend === undefined) {
      client.destroy();
      return;
    }
    const upstream = connect({
      port: Number(new URL(backend.url).port),
      host: "127.0.0.1",
      allowHalfOpen: true,
    });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.end();
      });
      from.pipe(to);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      stopped = true;
      await looking;
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
