import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Transform } from "node:stream";

/**
 * A TCP relay on 127.0.0.1 that can cut all connections, refuse new
 * ones, be slow and stand still: a bad network, without one.
 */
export interface TcpGate {
  readonly port: number;
  /** Ends every connection; new ones are reset at once until {@link open}. */
  shut(): void;
  open(): void;
  /** From now on every packet takes so many ms longer, in order; 0 ends that. */
  delay(ms: number): void;
  /** Holds every byte back, also of new connections, until {@link thaw}. */
  freeze(): void;
  thaw(): void;
  /** Holds back for ever what comes over today's connections, without closing them; new ones are served. */
  strand(): void;
  connections(): number;
  close(): Promise<void>;
}

/** Sees every packet before it is passed on, or held where the gate is frozen by then. */
export type Watch = (from: "client" | "server", packet: Buffer) => void;

/** Opens a gate before a server. */
export async function openGate(
  target: { host: string; port: number },
  watch: Watch = () => {},
): Promise<TcpGate> {
  const sockets = new Set<Socket>();
  let shut = false;
  let delayMs = 0;
  let frozen: PromiseWithResolvers<void> | null = null;
  let epoch = 0;
  const late = (opened: number, from: "client" | "server") =>
    new Transform({
      transform: async (chunk, _encoding, done) => {
        if (opened < epoch) return;
        watch(from, chunk);
        while (frozen) await frozen.promise;
        if (delayMs === 0) done(null, chunk);
        else setTimeout(done, delayMs, null, chunk);
      },
    });
  const server = createServer((client) => {
    if (shut) {
      client.on("error", () => {}); // the client was faster
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(target);
    const opened = epoch;
    for (const [one, other, from] of [
      [client, upstream, "client"],
      [upstream, client, "server"],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.pipe(late(opened, from)).pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const cut = () => {
    // Not resetAndDestroy: on a half-closed socket it leaves Node 24 spinning.
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    shut: () => {
      shut = true;
      cut();
    },
    open: () => {
      shut = false;
    },
    delay: (ms) => {
      delayMs = ms;
    },
    freeze: () => {
      frozen ??= Promise.withResolvers();
    },
    thaw: () => {
      frozen?.resolve();
      frozen = null;
    },
    strand: () => {
      epoch++;
    },
    connections: () => sockets.size / 2,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
    },
  };
}
