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
  /** Given up and not yet given back, by partition: what was sent of them may be unanswered. */
  const leaving = new Map<number, Lease>();
  /** Those of them that have no more to wait for. */
  let drained: Lease[] = [];
  let resting = false;
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
    // Before renewing, which would count them as held again.
    await release();
    if (!prepared) await store.ensurePartitions(partitions);
    prepared = true;
    const askedAt = performance.now();
    const { leases, relays } = await store.renew(relay, ttlMs);
    const validUntil = askedAt + ttlMs - marginMs;
    const now = new Map(leases.map((lease) => [lease.partition, lease.epoch]));
    for (const [partition, epoch] of held) if (now.get(partition) !== epoch) holder.lost(partition);
    held = now;
    for (const { partition, epoch } of leaving.values())
      if (now.get(partition) !== epoch) leaving.delete(partition);
    for (const lease of leases) holder.held(lease, validUntil);

    const share = Math.ceil(partitions / Math.max(1, relays));
    const staying = leases.filter((lease) => !isLeaving(lease));
    if (staying.length > share) giveUp(staying.slice(share));
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
    leaving.clear();
    drained = [];
    await store.retire(relay);
  }

  function isLeaving({ partition, epoch }: Lease): boolean {
    return leaving.get(partition)?.epoch === epoch;
  }

  /** Drains beside the turns: an answer may take longer than a lease, and the others are to be renewed. */
  function giveUp(leases: readonly Lease[]): void {
    for (const lease of leases) leaving.set(lease.partition, lease);
    void Promise.all(leases.map((lease) => holder.drained(lease.partition))).then(() => {
      drained.push(...leases.filter(isLeaving));
      if (resting && !stopped && drained.length > 0) next();
    });
  }

  async function release(): Promise<void> {
    const leases = drained.filter(isLeaving);
    if (leases.length > 0) {
      for (const { partition, epoch } of leases) {
        if (held.get(partition) !== epoch) continue;
        held.delete(partition);
        holder.lost(partition);
      }
      await store.release(relay, leases);
      for (const { partition } of leases) leaving.delete(partition);
      log.info({ released: leases.length, owned: held.size }, "released partitions to other relays");
    }
    drained = drained.filter(isLeaving);
  }

  function untilNextTurn(): number {
    if (outage.lasts) return Math.min(500, ttlMs / 3);
    if (drained.length > 0) return 0;
    return withdrawal === "done" ? Math.min(100, ttlMs / 3) : ttlMs / 3;
  }

  function next(): void {
    clearTimeout(timer);
    turn = tick();
  }

  async function tick(): Promise<void> {
    resting = false;
    try {
      await keep();
      outage.over();
    } catch (err) {
      outage.met({ err });
    }
    if (!stopped) {
      resting = true;
      timer = setTimeout(next, untilNextTurn());
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
