import type { Pool } from "undici";
import type { Logger } from "../../platform/logger/logger.ts";
import { type Address, type Resolve, watchAddresses } from "./addresses.ts";
import { type Candidate, hashOf } from "./choose.ts";
import { isAnswered, openConnections } from "./connections.http.ts";
import { createEjection, type Ejection } from "./ejection.ts";
import type { UpstreamMetrics } from "./metrics.ts";

const PROBE_TIMEOUT_MS = 1_000;

/** One address of a service, with the connections to it and what it has shown of itself. */
export interface Replica extends Candidate {
  readonly address: Address;
  /** Before each path that it is asked for. */
  readonly prefix: string;
  readonly connections: Pool;
  readonly ejection: Ejection;
  outstanding: number;
}

const NEVER_EJECTED: Ejection = {
  isEjected: () => false,
  answered: () => {},
  failed: () => {},
  stop: () => {},
};

/** The replicas of a service, as its addresses come and go. */
export interface Replicas {
  /**
   * Those that requests go to: all but the ejected ones; with none left, the fallback, or else all. Never
   * empty.
   */
  inUse(): readonly Replica[];
  /** The ejected ones too; not the fallback. */
  all(): readonly Replica[];
  /** What is asked when an attempt at each of these has come to nothing; null without one. */
  readonly fallback: Replica | null;
  /** All addresses, the ejected ones and the fallback included. */
  count(): number;
  close(): void;
}

/**
 * Keeps a pool of connections for each address. With every address ejected all are used, so that a service
 * which one client's odd requests have hung up on is still tried for all others.
 */
export function openReplicas(options: {
  name: string;
  urls: readonly string[];
  /** A load balancer before the same replicas, for when their addresses are not known well enough. */
  fallbackUrl?: string;
  timeoutMs: number;
  mostBytes?: number;
  metrics: UpstreamMetrics;
  log: Logger;
  resolve?: Resolve;
  probeEveryMs?: number;
}): Replicas {
  const { name, timeoutMs, metrics, log, probeEveryMs } = options;
  let all: Replica[] = [];
  let inUse: readonly Replica[] = [];

  function recount(): void {
    const good = all.filter(({ ejection }) => !ejection.isEjected());
    inUse = good.length > 0 ? good : fallback === null ? all : [fallback];
    metrics.addresses(good.length, all.length - good.length);
  }

  function opened(address: Address, ejection: Ejection, connections: Pool): Replica {
    const prefix = address.url.pathname.replace(/\/$/, "");
    return { address, prefix, connections, ejection, outstanding: 0, seed: hashOf(address.key) };
  }

  function openFallback(url: URL): Replica {
    const address: Address = { key: url.host, url, ip: null };
    return opened(address, NEVER_EJECTED, openConnections(address, options));
  }

  function open(address: Address): Replica {
    const connections = openConnections(address, options);
    const ejection = createEjection({
      probe: () => isAnswered(connections, Math.min(timeoutMs, PROBE_TIMEOUT_MS)),
      onChange: () => {
        const ejected = ejection.isEjected();
        if (ejected) metrics.ejected();
        const told = { upstream: name, address: address.key };
        if (ejected) log.warn(told, "an address does not answer and is left out until it does");
        else log.info(told, "an address answers again");
        recount();
      },
      ...(probeEveryMs !== undefined && { probeEveryMs }),
    });
    return opened(address, ejection, connections);
  }

  function close({ connections, ejection }: Replica): void {
    ejection.stop();
    // What is under way ends by itself.
    void connections.close();
  }

  const fallback = options.fallbackUrl === undefined ? null : openFallback(new URL(options.fallbackUrl));
  const watch = watchAddresses({
    ...options,
    onChange: (addresses) => {
      const known = new Map(all.map((replica) => [replica.address.key, replica]));
      const gone = new Set(all);
      all = addresses.map((address) => known.get(address.key) ?? open(address));
      for (const replica of all) gone.delete(replica);
      for (const replica of gone) close(replica);
      // Those of the configuration are known to whoever reads it.
      log[known.size === 0 ? "debug" : "info"](
        { upstream: name, addresses: addresses.map(({ key }) => key) },
        "addresses of a service",
      );
      recount();
    },
  });
  return {
    inUse: () => inUse,
    all: () => all,
    fallback,
    count: () => all.length + (fallback === null ? 0 : 1),
    close: () => {
      watch.stop();
      for (const { ejection, connections } of fallback === null ? all : [...all, fallback]) {
        ejection.stop();
        void connections.destroy();
      }
    },
  };
}
