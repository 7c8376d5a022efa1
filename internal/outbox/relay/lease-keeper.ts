import type { Logger } from "../../platform/logger/logger.ts";
import { createOutageLog } from "../../platform/logger/outage-log.ts";
import type { Lease, LeaseStore } from "../store/store.ts";

/** Holds a fair share of the partitions for one relay. */
export interface LeaseKeeper {
  /**
   * Announces the relay and takes its first share, or goes on trying; renews by itself until {@link stop}.
   */
  start(): Promise<void>;
  /** Gives everything back, after `drained` of each partition, and withdraws the relay. */
  stop(): Promise<void>;
}

/** What the relay does when partitions come and go. */
export interface LeaseHolder {
  /**
   * The lease is ours until `validUntil` (performance.now() ms) unless renewed; called again at each renewal.
   */
  held(lease: Lease, validUntil: number): void;
  /** No longer ours: nothing more may be sent. */
  lost(partition: number): void;
  /** Stop sending and resolve when everything sent is settled: the partition goes to another relay. */
  drained(partition: number): Promise<void>;
}

/**
 * Renews every third of `ttlMs`. A relay's share is partitions divided by living relays, rounded up; above
 * it, it drains and releases, below it, it claims what is free or expired. A relay that cannot renew in time
 * regards its leases as lost `ttlMs` / 5 before the database does, by a clock that does not jump. One that is
 * not `able` for longer than `ttlMs` withdraws, and takes a share again as soon as it is.
 */
export function createLeaseKeeper(options: {
  store: LeaseStore;
  relay: string;
  partitions: number;
  ttlMs: number;
  holder: LeaseHolder;
  /** Whether events can be published. */
  able: () => boolean;
  log: Logger;
}): LeaseKeeper {
  const { store, relay, partitions, ttlMs, holder, able, log } = options;
  const marginMs = ttlMs / 5;
  let held = new Map<number, number>();
  let timer: NodeJS.Timeout | undefined;
  let turn: Promise<void> = Promise.resolve();
  let prepared = false;
  let stopped = false;
  let ableAt = performance.now();
  let withdrawal: "none" | "begun" | "done" = "none";
  const outage = createOutageLog(log, {
    began: "leases cannot be renewed; partitions are given up as they run out",
    ended: "leases are being renewed again",
  });

  async function keep(): Promise<void> {
    if (await withdrawn()) return;
    if (!prepared) await store.ensurePartitions(partitions);
    prepared = true;
    const askedAt = performance.now();
    const { leases, relays } = await store.renew(relay, ttlMs);
    const validUntil = askedAt + ttlMs - marginMs;
    const now = new Map(leases.map((lease) => [lease.partition, lease.epoch]));
    for (const [partition, epoch] of held) if (now.get(partition) !== epoch) holder.lost(partition);
    held = now;
    for (const lease of leases) holder.held(lease, validUntil);

    const share = Math.ceil(partitions / Math.max(1, relays));
    if (leases.length > share) await release(leases.slice(share));
    else if (leases.length < share) {
      const claimedAt = performance.now();
      const claimed = await store.claim(relay, share - leases.length, ttlMs);
      for (const lease of claimed) {
        held.set(lease.partition, lease.epoch);
        holder.held(lease, claimedAt + ttlMs - marginMs);
      }
      if (claimed.length > 0)
        log.info({ claimed: claimed.length, owned: held.size, relays }, "claimed partitions");
    }
  }

  /** Whether others, which may reach the broker, are to have this relay's share. */
  async function withdrawn(): Promise<boolean> {
    if (able()) ableAt = performance.now();
    else if (withdrawal === "none" && performance.now() - ableAt > ttlMs) withdrawal = "begun";
    if (withdrawal === "begun") {
      // To the end, even if it is able meanwhile: a partition that was drained is sent from no more.
      await giveBackAll();
      withdrawal = "done";
      log.warn("nothing can be published; the partitions are left to other relays");
    }
    if (withdrawal === "done" && able()) withdrawal = "none";
    return withdrawal !== "none";
  }

  async function giveBackAll(): Promise<void> {
    await Promise.all([...held.keys()].map((partition) => holder.drained(partition)));
    for (const partition of held.keys()) holder.lost(partition);
    held = new Map();
    await store.retire(relay);
  }

  async function release(leases: readonly Lease[]): Promise<void> {
    await Promise.all(leases.map((lease) => holder.drained(lease.partition)));
    for (const lease of leases) {
      held.delete(lease.partition);
      holder.lost(lease.partition);
    }
    await store.release(relay, leases);
    log.info({ released: leases.length, owned: held.size }, "released partitions to other relays");
  }

  function untilNextTurn(): number {
    if (outage.lasts) return Math.min(500, ttlMs / 3);
    return withdrawal === "done" ? Math.min(100, ttlMs / 3) : ttlMs / 3;
  }

  async function tick(): Promise<void> {
    try {
      await keep();
      outage.over();
    } catch (err) {
      outage.met({ err });
    }
    if (!stopped) {
      timer = setTimeout(() => {
        turn = tick();
      }, untilNextTurn());
    }
  }

  return {
    start: async () => {
      turn = tick();
      await turn;
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await turn;
      clearTimeout(timer);
      await giveBackAll();
    },
  };
}
