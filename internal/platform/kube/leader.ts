import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../logger/logger.ts";
import type { KubeClient } from "./kube-client.ts";
import { KubeError, pauseAsked } from "./kube-error.ts";
import type { KubeObject } from "./objects.ts";

interface Lease extends KubeObject {
  readonly spec: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    /** RFC 3339 with microseconds. */
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** Who of several processes may act. */
export interface LeaderElection {
  /** True while this process surely holds the lease, by its own clock. */
  leading(): boolean;
  /** How long it surely holds it yet without another renewal, in ms; 0 when it does not. */
  leadsFor(): number;
  /** Stops renewing and, when leading, gives the lease back, so that another may take it at once. */
  stop(): Promise<void>;
}

/**
 * Leader election by a `coordination.k8s.io/v1` Lease, as client-go does it: the holder renews three times a
 * duration, by one call; a rival looks as often, and takes over once it has seen the record unchanged for
 * a whole duration by its own monotonic clock, so clocks need not agree. Every write carries the
 * resourceVersion, and 409 is a lost round. A holder that cannot renew stops leading before its lease
 * runs out. `gained` is called each time this process begins to lead.
 */
export function electLeader(options: {
  client: KubeClient;
  namespace: string;
  name: string;
  identity: string;
  /** At least 3. */
  leaseSeconds: number;
  gained: () => void;
  log: Logger;
}): LeaderElection {
  const { client, namespace, name, identity, leaseSeconds, gained, log } = options;
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const leaseMs = leaseSeconds * 1_000;
  // So that a renewal that finds its connection dead is tried again before the holder must stop.
  const within = { timeoutMs: leaseMs / 4 };
  const stopping = new AbortController();
  let leadingUntil = Number.NEGATIVE_INFINITY;
  let seen = { version: "", at: Number.NEGATIVE_INFINITY };
  /** The lease as this process last wrote it; null when another may have written since. */
  let held: Lease | null = null;
  let wasLeading = false;

  const leadsFor = () => Math.max(0, leadingUntil - performance.now());
  const leading = () => leadsFor() > 0;

  /** Resolves to the pause before the next round, in ms. */
  async function round(): Promise<number> {
    const askedAt = performance.now();
    const lease = leading() && held ? held : await read();
    const holder = lease?.spec.holderIdentity ?? "";
    if (lease && holder !== "" && holder !== identity) {
      leadingUntil = Number.NEGATIVE_INFINITY;
      const version = lease.metadata.resourceVersion ?? "";
      if (version !== seen.version) seen = { version, at: performance.now() };
      const expiresIn =
        seen.at + (lease.spec.leaseDurationSeconds ?? leaseSeconds) * 1_000 - performance.now();
      if (expiresIn > 0) return Math.min(leaseMs / 3, expiresIn);
    }
    held = await write(lease, identity);
    if (!held) return leaseMs / 10;
    // Counted from before the request: the record may have been
    // written then. Less a margin to stop acting in time.
    leadingUntil = askedAt + leaseMs * (2 / 3);
    return askedAt + leaseMs / 3 - performance.now();
  }

  async function read(): Promise<Lease | null> {
    try {
      return await client.get<Lease>(`${collection}/${name}`, undefined, within);
    } catch (err) {
      if (err instanceof KubeError && err.code === 404) return null;
      throw err;
    }
  }

  /** The lease as it was written; null when another process was quicker, or deleted it. */
  async function write(lease: Lease | null, holderIdentity: string): Promise<Lease | null> {
    const now = new Date().toISOString().replace("Z", "000Z");
    const changed = (lease?.spec.holderIdentity ?? "") !== holderIdentity;
    const spec = {
      holderIdentity,
      leaseDurationSeconds: leaseSeconds,
      renewTime: now,
      acquireTime: changed ? now : lease?.spec.acquireTime,
      leaseTransitions: (lease?.spec.leaseTransitions ?? 0) + (changed && lease ? 1 : 0),
    };
    const metadata = lease?.metadata ?? { name, namespace };
    const body = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec };
    try {
      if (lease) return await client.replace<Lease>(`${collection}/${name}`, body, within);
      return await client.create<Lease>(collection, body, within);
    } catch (err) {
      const lost = err instanceof KubeError && (err.code === 409 || (err.code === 404 && lease !== null));
      if (lost) return null;
      throw err;
    }
  }

  function tell(): void {
    const now = leading();
    if (now && !wasLeading) {
      log.info({ identity, lease: name }, "leading");
      gained();
    }
    if (!now && wasLeading) log.warn({ identity, lease: name }, "no longer leading");
    wasLeading = now;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      let pauseMs: number;
      try {
        pauseMs = await round();
        client.outages.answered(name);
      } catch (err) {
        client.outages.failed(name, err);
        // What was written is not known: read before the next write.
        held = null;
        pauseMs = Math.max(leaseMs / 30, pauseAsked(err));
      }
      tell();
      await delay(Math.max(0, pauseMs), undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  const running = run();
  return {
    leading,
    leadsFor,
    stop: async () => {
      stopping.abort();
      await running;
      if (!leading()) return;
      leadingUntil = Number.NEGATIVE_INFINITY;
      const lease = await read();
      if (lease?.spec.holderIdentity === identity) await write(lease, "");
    },
  };
}
