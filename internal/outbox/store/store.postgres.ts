import type { QueryResultRow } from "pg";
import type { EventEnvelope } from "../../platform/event/event.ts";
import type { Transaction } from "../../platform/sql/database.ts";
import {
  isRefusedByPostgres,
  type Postgres,
  type PostgresRunner,
  retryTransient,
} from "../../platform/sql/postgres.ts";
import { loadStatements, type NamedStatement, namedStatements } from "../../platform/sql/sql-file.ts";
import { refusalText } from "./refusal-text.ts";
import { type EventRow, type LeaseRow, lease, type PendingRow, pendingEvent, storedEvent } from "./rows.ts";
import { STATEMENTS } from "./statements.ts";
import { type Cursor, EventsRefused, type OutboxStore } from "./store.ts";

const SQL = namedStatements(
  "outbox",
  loadStatements(new URL("./sql/postgres/", import.meta.url), STATEMENTS),
);

/** The outbox in PostgreSQL; its statements are prepared once per connection. */
export function createPostgresOutboxStore(database: Postgres): OutboxStore {
  function query<R extends QueryResultRow>(statement: NamedStatement, values: unknown[]) {
    return retryTransient(() => database.query<R>({ ...statement, values }));
  }

  return {
    ping: () => database.ping(),

    append: async (events, tx) => {
      if (events.length === 0) return;
      const values = appended(events, false);
      await storing(tx ? runnerOf(tx).query({ ...SQL.append, values }) : query(SQL.append, values));
    },
    appendWhereFree: async (events) => {
      if (events.length === 0) return [];
      const { rows } = await storing(query<PartitionRow>(SQL.append, appended(events, true)));
      return rows.map((row) => row.partition_no);
    },
    park: async (e, reason) => {
      const { id, partition, source, type, subject, sequence, sequenceName, data, traceparent, occurredAt } =
        e;
      const envelope = [id, partition, source, type, subject, sequence, sequenceName, data, traceparent];
      await storing(query(SQL.park, [...envelope, occurredAt, refusalText(reason)]));
    },

    pending: async (cursors, limitEach) => {
      const { rows } = await query<PendingRow>(SQL.pending, [...cursorArrays(cursors), limitEach]);
      return rows.map(pendingEvent);
    },
    pendingBehind: async (cursors, mostEach) => {
      const { rows } = await query<PartitionRow>(SQL.pendingBehind, [...cursorArrays(cursors), mostEach]);
      return rows.map((row) => row.partition_no);
    },
    markPublished: async (relay, events) => {
      const { rows } = await query<{ seq: string }>(SQL.markPublished, [
        relay,
        array(events.map((e) => e.seq)),
        array(events.map((e) => e.partition)),
        array(events.map((e) => e.epoch)),
        array(events.map((e) => e.id)),
      ]);
      return rows.map((row) => Number(row.seq));
    },
    markRefused: async (relay, refusals) => {
      const { rows } = await query<{ seq: string }>(SQL.markRefused, [
        relay,
        refusals.map((r) => r.seq),
        refusals.map((r) => r.partition),
        refusals.map((r) => r.epoch),
        refusals.map((r) => r.attempts),
        refusals.map((r) => refusalText(r.error)),
        refusals.map((r) => r.dead),
        refusals.map((r) => r.id),
      ]);
      return rows.map((row) => Number(row.seq));
    },
    backlog: async () => {
      const { rows } = await query<{ pending: number; dead: number; oldest: number | null }>(SQL.backlog, []);
      const row = rows[0]!;
      return { pending: row.pending, dead: row.dead, oldestOccurredAt: row.oldest };
    },
    purge: async (olderThanMs, limit) => (await query(SQL.purge, [olderThanMs, limit])).rowCount ?? 0,

    ensurePartitions: async (count) => void (await query(SQL.ensurePartitions, [count])),
    renew: async (relay, ttlMs) => {
      const announced = await query<{ relays: number }>(SQL.announce, [relay, ttlMs]);
      const { rows } = await query<LeaseRow>(SQL.renew, [relay, ttlMs]);
      return { leases: rows.map(lease), relays: announced.rows[0]!.relays };
    },
    claim: async (relay, limit, ttlMs) =>
      (await query<LeaseRow>(SQL.claim, [relay, limit, ttlMs])).rows.map(lease),
    release: async (relay, leases) =>
      void (await query(SQL.release, [relay, leases.map((l) => l.partition), leases.map((l) => l.epoch)])),
    retire: async (relay) => void (await query(SQL.retire, [relay])),

    listDead: async (limit, after = 0) => {
      const { rows } = await query<EventRow & { last_error: string; dead_at: number }>(SQL.listDead, [
        after,
        limit,
      ]);
      return rows.map((row) => ({ ...storedEvent(row), lastError: row.last_error, deadAt: row.dead_at }));
    },
    deadSubjects: async (partitions) => {
      const { rows } = await query<{ subject: string; seq: string }>(SQL.deadSubjects, [partitions]);
      return rows.map(({ subject, seq }) => ({ subject, seq: Number(seq) }));
    },
    replay: async (ids) => (await query(SQL.replay, [ids === "all" ? null : ids])).rowCount ?? 0,
    purgeDead: async (olderThanMs, limit) => (await query(SQL.purgeDead, [olderThanMs, limit])).rowCount ?? 0,
  };
}

/** The parameters of append.sql. */
function appended(events: readonly EventEnvelope[], onlyWhereFree: boolean): unknown[] {
  const rows = events.map((e) => ({
    id: e.id,
    p: e.partition,
    f: e.source,
    t: e.type,
    s: e.subject,
    v: e.sequence,
    vn: e.sequenceName,
    n: Buffer.byteLength(e.data),
    tp: e.traceparent,
    o: e.occurredAt,
  }));
  return [Buffer.from(events.map((e) => e.data).join("")), JSON.stringify(rows), onlyWhereFree];
}

/** Tells events that cannot be stored from a database that cannot store. */
async function storing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (isRefusedByPostgres(cause)) throw new EventsRefused((cause as Error).message, { cause });
    throw cause;
  }
}

interface PartitionRow {
  partition_no: number;
}

function runnerOf(tx: Transaction): PostgresRunner {
  if (tx.dialect === "postgres") return tx;
  throw new Error("a transaction of SQL Server was given to PostgreSQL");
}

function cursorArrays(cursors: readonly Cursor[]): [partitions: string, seqs: string] {
  return [array(cursors.map((c) => c.partition)), array(cursors.map((c) => c.after))];
}

/** As PostgreSQL writes an array of numbers or UUIDs; pg itself quotes and escapes each. */
function array(values: readonly (number | string)[]): string {
  return `{${values.join(",")}}`;
}
