import { EventEmitter } from "node:events";
import { createConnection, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { AbstractConnector, type Cluster, type Redis, type RedisOptions } from "ioredis";

/** Decides by the INFO of a server just connected to; when it says no, the connection is tried again. */
type Judge = (info: Readonly<Record<string, string>>) => boolean;
type Connector = NonNullable<RedisOptions["Connector"]>;

/** Why a replica is left. */
export const REPLICA = "this Redis is a replica and takes no changes";

const FORWARDED = ["ready", "close", "end", "error", "message", "+node", "-node", "node error"] as const;
const EMITTER = new Set<PropertyKey>(["on", "once", "off", "emit", "removeListener"]);

/**
 * The client for a single address. Stays with a server that stands alone, leaves a replica on connect, and
 * becomes a cluster client at the first sight of a cluster's node; scripts and listeners stay valid.
 * Stands for whichever client serves at the moment, therefore a Proxy.
 */
export function openOneAddress(open: {
  single: (connector: Connector) => Redis;
  cluster: () => Cluster;
}): Redis {
  const events = new EventEmitter();
  const scripts: [string, { lua: string; numberOfKeys?: number }][] = [];
  let methods = new Map<PropertyKey, unknown>();

  const first = open.single(
    connectorWith((info) => {
      if (info.cluster_enabled === "1") {
        becomeCluster();
        return false;
      }
      if (info.role !== "slave") return true;
      events.emit("error", new Error(REPLICA));
      return false;
    }),
  );
  let client: Redis | Cluster = first;
  forward(first);

  function becomeCluster(): void {
    if (client !== first) return;
    client = open.cluster();
    methods = new Map();
    for (const [name, definition] of scripts) client.defineCommand(name, definition);
    forward(client);
    first.disconnect();
  }

  function forward(from: Redis | Cluster): void {
    for (const name of FORWARDED)
      from.on(name, (...args: unknown[]) => {
        if (client === from) events.emit(name, ...args);
      });
  }

  function defineCommand(name: string, definition: { lua: string; numberOfKeys?: number }): void {
    scripts.push([name, definition]);
    methods.delete(name);
    client.defineCommand(name, definition);
  }

  function bound(owner: object, property: PropertyKey): unknown {
    const value = Reflect.get(owner, property, owner);
    if (typeof value !== "function") return value;
    const method = methods.get(property) ?? value.bind(owner);
    methods.set(property, method);
    return method;
  }

  return new Proxy(first, {
    get: (_first, property) => {
      if (property === "defineCommand") return defineCommand;
      return bound(EMITTER.has(property) ? events : client, property);
    },
    has: (_first, property) => property in client,
  });
}

/** The driver's own connector, which is not exported, with a judge of what it has connected to. */
function connectorWith(judge: Judge): Connector {
  return class extends AbstractConnector {
    readonly #options: RedisOptions;

    constructor(options: unknown) {
      super((options as { disconnectTimeout: number }).disconnectTimeout);
      this.#options = options as RedisOptions;
    }

    override check(info: Readonly<Record<string, string>>): boolean {
      return judge(info);
    }

    override async connect(): Promise<Socket> {
      this.connecting = true;
      // The driver attaches its listeners a tick later, and may have given up by then.
      await Promise.resolve();
      if (!this.connecting) throw new Error("Connection is closed.");
      const { host = "127.0.0.1", port = 6379, tls } = this.#options;
      const socket = tls
        ? connectTls({ host, port, ...(tls as ConnectionOptions) })
        : createConnection({ host, port });
      socket.once("error", (error) => {
        this.firstError = error;
      });
      this.stream = socket;
      return socket;
    }
  };
}
