import type { EventEnvelope } from "../../platform/event/event.ts";
import type { Transaction } from "../../platform/sql/database.ts";
import type { PendingEvent, StoredEvent } from "../event.ts";

/**
 * The SQL side of the outbox, as the forwarder and the relay need it. Every method is one transaction of
 * its own and may be called concurrently. A lost or refusing database is an exception (with `cause`); after
 * one, the outcome of the call is unknown, and every method here may safely be called again.
 */
export interface OutboxStore extends OutboxWriter, OutboxReader, LeaseStore, DeadEvents {
  /** Resolves when the database answers a trivial query. */
  ping(): Promise<void>;
}

export interface OutboxWriter {
  /**
   * Inserts `events` in array order (their `seq` rises in that order), leaving out those whose id is already
   * there. In a transaction of its own, or within `tx`: what else that writes and its events are then
   * committed together or not at all. Takes the lock of each partition before a `seq` and holds it to the
   * commit, so that within a partition events become visible in `seq` order, whoever writes them: whatever a
   * transaction does besides should come first, and one that appends twice should do so in the order of
   * partitions. Outside `tx`: when a rival is inserting the same ids at the same moment, waits for the
   * rival's outcome; once this resolves, every event of the array is committed, by this call or by another.
   * A payload may come back as another spelling of the same JSON. Rejects with {@link EventsRefused} when it
   * is the events that cannot be stored.
   */
  append(events: readonly EventEnvelope[], tx?: Transaction): Promise<void>;
  /**
   * As {@link append} in a transaction of its own, but waits for no other writer: events of partitions whose
   * lock is held are left out. Returns those partitions; every event of the others is committed.
   */
  appendWhereFree(events: readonly EventEnvelope[]): Promise<readonly number[]>;
  /**
   * Inserts one event as dead, after what its partition holds: it is listed, holds back the later events of
   * its subject, and can be replayed as it stands here. Nothing happens when its id is there. `reason` is
   * shortened to 500 characters. Rejects with {@link EventsRefused} as append does.
   */
  park(event: EventEnvelope, reason: string): Promise<void>;
}

/** At least one of the events cannot be stored for what it holds; none is. `cause`: the database's error. */
export class EventsRefused extends Error {
  override readonly name = "EventsRefused";
}

/** How far a relay has read a partition: it wants what lies beyond `after`. */
export interface Cursor {
  readonly partition: number;
  readonly after: number;
}

/** One event whose outcome is to be written, with the lease it was published under. */
export interface Fenced {
  readonly seq: number;
  /** The event's own: a database that was restored may give the seq to another. */
  readonly id: string;
  readonly partition: number;
  readonly epoch: number;
}

export interface Refusal extends Fenced {
  /** How often the broker has refused it, this time included. */
  readonly attempts: number;
  /** The broker's reason, at most 500 characters. */
  readonly error: string;
  /** True to park it as dead: it is not read again until replayed. */
  readonly dead: boolean;
}

/** What is waiting, for the lag metrics. */
export interface Backlog {
  /** Events committed, not yet published and not dead; those that wait for a dead one included. */
  readonly pending: number;
  readonly dead: number;
  /**
   * `occurredAt` of the oldest pending event, epoch ms; null when there is none. Dead events do not count,
   * nor do those that wait for one.
   */
  readonly oldestOccurredAt: number | null;
}

export interface OutboxReader {
  /**
   * Events neither published nor dead, beyond each partition's cursor, at most
   * `limitEach` a partition, ordered by seq within a partition. Events of a subject that has an earlier dead
   * event wait for it; they come too, so that a cursor passes them and no read searches the same ones again.
   */
  pending(cursors: readonly Cursor[], limitEach: number): Promise<PendingEvent[]>;
  /**
   * The partitions that have, among their last `mostEach` pending events at or below the cursor, one that
   * waits for no dead event. One that the relay neither holds nor has sent tells that the database has gone
   * back in time (a restore, a failover that lost commits): the partition is to be read again from the start.
   */
  pendingBehind(cursors: readonly Cursor[], mostEach: number): Promise<number[]>;
  /**
   * Marks events published, except those whose partition is no longer held by `relay` at that epoch. Returns
   * the seqs that are published now, by this call or an earlier one: repeated after an unknown outcome it
   * answers the same, and what it does not return was held off by the fence, or is gone. At most 1,000 at
   * once.
   */
  markPublished(relay: string, events: readonly Fenced[]): Promise<number[]>;
  /** Writes attempts, error and death of refused events under the same fence; returns the seqs written. */
  markRefused(relay: string, refusals: readonly Refusal[]): Promise<number[]>;
  backlog(): Promise<Backlog>;
  /** Deletes at most `limit` events published more than `olderThanMs` ago; returns how many. */
  purge(olderThanMs: number, limit: number): Promise<number>;
}

export interface Lease {
  readonly partition: number;
  /** Rises by one each time a partition changes hands: the fencing token. */
  readonly epoch: number;
}

/** Leases are timed by the database's clock alone, so relays need not agree on the time. */
export interface LeaseStore {
  /** Creates the lease rows for partitions 0 to `count` - 1 where missing. Idempotent. */
  ensurePartitions(count: number): Promise<void>;
  /**
   * Announces `relay` as alive for `ttlMs` and extends every lease it still holds by `ttlMs` from now.
   * Returns the leases it holds and how many relays are alive,
   * itself included. Rows of relays gone for an hour are removed.
   */
  renew(relay: string, ttlMs: number): Promise<{ leases: Lease[]; relays: number }>;
  /**
   * Takes up to `limit` partitions that are free or whose lease has expired (at random, so rivals
   * seldom collide), each with its epoch raised. Never takes a live lease. Returns those taken.
   */
  claim(relay: string, limit: number, ttlMs: number): Promise<Lease[]>;
  /** Gives partitions back at once, where the epoch still matches. */
  release(relay: string, leases: readonly Lease[]): Promise<void>;
  /** Withdraws the announcement and gives back every lease: the last call of a relay that stops. */
  retire(relay: string): Promise<void>;
}

export interface DeadEvent extends StoredEvent {
  readonly lastError: string;
  /** Epoch ms. */
  readonly deadAt: number;
}

/** Of this subject, events later than `seq` wait for the dead one there. */
export interface DeadSubject {
  readonly subject: string;
  readonly seq: number;
}

export interface DeadEvents {
  /** Dead events by seq, beyond `after`, at most `limit`. */
  listDead(limit: number, after?: number): Promise<DeadEvent[]>;
  /** Subjects that have a dead event, each with the seq of its first, in the given partitions. */
  deadSubjects(partitions: readonly number[]): Promise<DeadSubject[]>;
  /** Makes dead events pending again with attempts 0: those of `ids`, or all. Returns how many. */
  replay(ids: readonly string[] | "all"): Promise<number>;
  /**
   * Deletes at most `limit` events that died more than `olderThanMs` ago;
   * what waited behind them is pending. Returns how many.
   */
  purgeDead(olderThanMs: number, limit: number): Promise<number>;
}
