import type { Logger } from "../../platform/logger/logger.ts";
import type { DeadSubject, OutboxReader, OutboxStore } from "../store/store.ts";
import type { OwnedPartition } from "./owned-partitions.ts";

/**
 * Pending events that lie behind the cursors of partitions: dead ones that were replayed, and those of a
 * database that has gone back. What it returns is to be read again from the start. Partitions are asked for
 * only when it is time to look.
 */
export interface PassedEvents {
  /** Partitions to read again because a dead event known here is dead no more. Asks at once when `now`. */
  replayed(now: boolean): Promise<readonly OwnedPartition[]>;
  /** True when the dead of this partition were last asked for, too: only then does a later replay show. */
  knows(partition: number): boolean;
  /** Of partitions at rest, those that the database counts again from an earlier seq. */
  goneBack(isIdle: (partition: OwnedPartition) => boolean): Promise<readonly OwnedPartition[]>;
  /** This relay has parked the event, or read one that waits for it, whatever partition that is in. */
  noteDead(event: DeadSubject & { readonly partition: number }): void;
  /** True when an earlier event of its subject is dead; what came before a dead one does not wait. */
  waitsForDead(event: DeadSubject): boolean;
  /** When to ask for replayed ones again, by performance.now(). */
  nextLook(): number;
}

const REPLAYED_MS = 1_000;
const GONE_BACK_MS = 2_000;
/** So many below a cursor are looked at: what a database gone back counts anew are the last of them. */
const MOST_BEHIND_CURSOR = 256;

/** Asks the database at most once in so many ms each, about the partitions that are `owned` then. */
export function createPassedEvents(
  store: Pick<OutboxStore, "pendingBehind" | "deadSubjects">,
  owned: () => readonly OwnedPartition[],
  log: Logger,
): PassedEvents {
  /** The seq of the first dead event, by subject. */
  let dead = new Map<string, number>();
  /** Noted while the database was asked for the dead. */
  let noted = new Map<string, number>();
  /** The partitions last asked for. */
  let known = new Set<number>();
  /** Others, in which something dead was noted, such as those of another relay: asked for from then on. */
  const others = new Set<number>();
  let askedForDead = 0;
  let lookedBehind = 0;

  async function deadIn(asked: ReadonlySet<number>): Promise<readonly DeadSubject[]> {
    try {
      return asked.size === 0 ? [] : await store.deadSubjects([...asked]);
    } catch (err) {
      known = new Set();
      throw err;
    }
  }

  async function replayed(): Promise<readonly OwnedPartition[]> {
    askedForDead = performance.now();
    const partitions = owned();
    noted = new Map();
    const found = new Map<string, number>();
    const asked = new Set([...partitions.map(({ partition }) => partition), ...others]);
    for (const each of await deadIn(asked)) note(found, each);
    known = asked;
    for (const [subject, seq] of noted) note(found, { subject, seq });
    const some = [...dead].some(([subject, seq]) => seq < (found.get(subject) ?? Number.POSITIVE_INFINITY));
    dead = found;
    return some ? partitions : [];
  }

  return {
    knows: (partition) => known.has(partition),
    replayed: async (now) => (now || performance.now() - askedForDead > REPLAYED_MS ? replayed() : []),
    goneBack: async (isIdle) => {
      if (performance.now() - lookedBehind <= GONE_BACK_MS) return [];
      lookedBehind = performance.now();
      const back = await goneBack(store, owned().filter(isIdle));
      if (back.length === 0) return [];
      // A dead event may have been replayed since the dead were last asked for.
      const again = await replayed();
      if (again.length > 0) return again;
      for (const { partition } of back)
        log.warn({ partition }, "the database has gone back; the partition is read anew");
      return back;
    },
    noteDead: (event) => {
      if (!known.has(event.partition)) others.add(event.partition);
      note(dead, event);
      note(noted, event);
    },
    waitsForDead: ({ subject, seq }) => seq > (dead.get(subject) ?? Number.POSITIVE_INFINITY),
    nextLook: () => askedForDead + REPLAYED_MS,
  };
}

function note(dead: Map<string, number>, { subject, seq }: DeadSubject): void {
  dead.set(subject, Math.min(seq, dead.get(subject) ?? seq));
}

/**
 * The partitions whose database counts again from an earlier seq, as after a restore or a failover with a
 * loss: they have something pending behind their cursor. Only among those of which nothing is held, sent or
 * left out can it have come only so.
 */
async function goneBack(
  store: Pick<OutboxReader, "pendingBehind">,
  idle: readonly OwnedPartition[],
): Promise<OwnedPartition[]> {
  if (idle.length === 0) return [];
  const cursors = idle.map(({ partition, cursor }) => ({ partition, after: cursor }));
  const behind = new Set(await store.pendingBehind(cursors, MOST_BEHIND_CURSOR));
  return idle.filter(({ partition }) => behind.has(partition));
}
