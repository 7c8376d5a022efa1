import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../logger/logger.ts";
import { type KubeClient, KubeError } from "./kube-client.ts";
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
  /** Stops renewing and, when leading, gives the lease back, so that another may take it at once. */
  stop(): Promise<void>;
}

/**
 * Leader election by a `coordination.k8s.io/v1` Lease, as client-go does it: the holder renews three times a
 * duration; a rival takes over once it has seen the record unchanged for a whole duration by its own
 * monotonic clock, so clocks need not agree; every write carries the resourceVersion, and 409 is a lost
 * round. A holder that cannot renew stops leading before its lease runs out. `gained` is called each time
 * this process begins to lead.
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
  const stopping = new AbortController();
  let leadingUntil = Number.NEGATIVE_INFINITY;
  let seen = { record: "", at: Number.NEGATIVE_INFINITY };
  let wasLeading = false;

  const leading = () => performance.now() < leadingUntil;

  async function round(): Promise<void> {
    const askedAt = performance.now();
    const lease = await read();
    const holder = lease?.spec.holderIdentity ?? "";
    if (lease && holder !== "" && holder !== identity) {
      const record = `${holder} ${lease.spec.renewTime} ${lease.metadata.resourceVersion}`;
      if (record !== seen.record) seen = { record, at: performance.now() };
      if (performance.now() - seen.at < (lease.spec.leaseDurationSeconds ?? leaseSeconds) * 1_000) return;
    }
    if (!(await write(lease, identity))) return;
    // Counted from before the request: the record may have been
    // written then. Less a margin to stop acting in time.
    leadingUntil = askedAt + leaseMs * (2 / 3);
  }

  async function read(): Promise<Lease | null> {
    try {
      return await client.get<Lease>(`${collection}/${name}`);
    } catch (err) {
      if (err instanceof KubeError && err.code === 404) return null;
      throw err;
    }
  }

  async function write(lease: Lease | null, holderIdentity: string): Promise<boolean> {
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
      if (lease) await client.replace(`${collection}/${name}`, body);
      else await client.create(collection, body);
      return true;
    } catch (err) {
      if (err instanceof KubeError && err.code === 409) return false;
      throw err;
    }
  }

  async function run(): Promise<void> {
    let failing = false;
    while (!stopping.signal.aborted) {
      try {
        await round();
        failing = false;
      } catch (err) {
        if (!failing) log.warn({ err, lease: name }, "the lease of the leader could not be read or renewed");
        failing = true;
      }
      if (leading() && !wasLeading) {
        log.info({ identity, lease: name }, "leading");
        gained();
      }
      if (!leading() && wasLeading) log.warn({ identity, lease: name }, "no longer leading");
      wasLeading = leading();
      await delay(leaseMs / 3, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  const running = run();
  return {
    leading,
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
