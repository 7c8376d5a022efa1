import type { PendingEvent, StoredEvent } from "../event.ts";
import type { Lease } from "./store.ts";

/** As the drivers give it: `occurred_at` is a number of PostgreSQL's, text of SQL Server's. */
export interface EventRow {
  seq: string;
  event_id: string;
  partition_no: number;
  source: string;
  type: string;
  subject: string;
  version: string;
  sequence_name: string;
  payload: string;
  traceparent: string | null;
  occurred_at: number | string;
  attempts: number;
}

/** Whole numbers of 64 bits arrive as text, and SQL Server's unique identifiers in capitals. */
export function storedEvent(row: EventRow): StoredEvent {
  return {
    seq: Number(row.seq),
    id: row.event_id.toLowerCase(),
    partition: row.partition_no,
    source: row.source,
    type: row.type,
    subject: row.subject,
    sequence: Number(row.version),
    sequenceName: row.sequence_name,
    data: row.payload,
    traceparent: row.traceparent,
    occurredAt: Number(row.occurred_at),
    attempts: row.attempts,
  };
}

/** As pending.sql gives it: without payload where an earlier event of its subject is dead. */
export interface PendingRow extends EventRow {
  dead_seq: string | null;
  dead_partition: number | null;
}

export function pendingEvent(row: PendingRow): PendingEvent {
  if (row.dead_seq === null) return storedEvent(row);
  return {
    seq: Number(row.seq),
    partition: row.partition_no,
    subject: row.subject,
    waitsFor: { seq: Number(row.dead_seq), partition: row.dead_partition! },
  };
}

export interface LeaseRow {
  partition_no: number;
  epoch: string;
}

export function lease(row: LeaseRow): Lease {
  return { partition: row.partition_no, epoch: Number(row.epoch) };
}
