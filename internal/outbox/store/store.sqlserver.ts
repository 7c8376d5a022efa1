import mssql from "mssql";
import type { EventEnvelope } from "../../platform/event/event.ts";
import type { Transaction } from "../../platform/sql/database.ts";
import { loadStatements } from "../../platform/sql/sql-file.ts";
import {
  isRefusedBySqlServer,
  retryTransient,
  type SqlServer,
  type SqlServerRunner,
} from "../../platform/sql/sqlserver.ts";
import { refusalText } from "./refusal-text.ts";
import { type EventRow, type LeaseRow, lease, type PendingRow, pendingEvent, storedEvent } from "./rows.ts";
import { STATEMENTS } from "./statements.ts";
import { EventsRefused, type OutboxStore } from "./store.ts";
import { cursorRows, eventRows, idRows, leaseRows, markRows, partitionRows } from "./tables.sqlserver.ts";

const SQL = loadStatements(new URL("./sql/sqlserver/", import.meta.url), [...STATEMENTS, "replayAll"]);

const REPLAY_CHUNK = 1_000;

const RELAY = mssql.NVarChar(64);

/** The outbox in SQL Server. Sets of rows travel as table-valued parameters. */
export function createSqlServerOutboxStore(server: SqlServer): OutboxStore {
  /** One statement, run again after a deadlock, or when a rival was first to insert the same key. */
  function run<R>(sql: string, bind: (request: mssql.Request) => mssql.Request = (request) => request) {
    return retryTransient(() => server.run((request) => bind(request).query<R>(sql)));
  }

  async function deleteOlder(sql: string, olderThanMs: number, limit: number): Promise<number> {
    const { rowsAffected } = await run(sql, (request) =>
      request
        .input("limit", mssql.Int, limit)
        .input("seconds", mssql.Int, Math.floor(olderThanMs / 1000))
        .input("ms", mssql.Int, olderThanMs % 1000),
    );
    return rowsAffected[0] ?? 0;
  }

  async function replayAll(): Promise<number> {
    for (let total = 0; ; ) {
      const { rowsAffected } = await run(SQL.replayAll, (request) =>
        request.input("limit", mssql.Int, REPLAY_CHUNK),
      );
      const replayed = rowsAffected[0] ?? 0;
      total += replayed;
      if (replayed < REPLAY_CHUNK) return total;
    }
  }

  return {
    ping: () => server.ping(),

    append: async (events, tx) => {
      if (events.length === 0) return;
      const bind = appending(events, false);
      await storing(
        tx ? runnerOf(tx).run((request) => bind(request).query(SQL.append)) : run(SQL.append, bind),
      );
    },
    appendWhereFree: async (events) => {
      if (events.length === 0) return [];
      const { recordset } = await storing(run<{ partition_no: number }>(SQL.append, appending(events, true)));
      return (recordset ?? []).map((row) => row.partition_no);
    },
    park: async (e, reason) =>
      void (await storing(
        run(SQL.park, (request) =>
          request
            .input("id", mssql.UniqueIdentifier, e.id)
            .input("partition_no", mssql.Int, e.partition)
            .input("source", mssql.NVarChar(200), e.source)
            .input("type", mssql.NVarChar(64), e.type)
            .input("subject", mssql.NVarChar(64), e.subject)
            .input("version", mssql.BigInt, e.sequence)
            .input("sequence_name", mssql.NVarChar(20), e.sequenceName)
            .input("payload", mssql.NVarChar(mssql.MAX), e.data)
            .input("traceparent", mssql.NVarChar(64), e.traceparent)
            .input("occurred_at", mssql.BigInt, e.occurredAt)
            .input("reason", mssql.NVarChar(500), refusalText(reason)),
        ),
      )),

    pending: async (cursors, limitEach) => {
      if (cursors.length === 0) return [];
      const { recordset } = await run<PendingRow>(SQL.pending, (request) =>
        request.input("cursors", cursorRows(cursors)).input("limit", mssql.Int, limitEach),
      );
      return recordset.map(pendingEvent);
    },
    pendingBehind: async (cursors, mostEach) => {
      if (cursors.length === 0) return [];
      const { recordset } = await run<{ partition_no: number }>(SQL.pendingBehind, (request) =>
        request.input("cursors", cursorRows(cursors)).input("limit", mssql.Int, mostEach),
      );
      return recordset.map((row) => row.partition_no);
    },
    markPublished: async (relay, events) => {
      if (events.length === 0) return [];
      const { recordset } = await run<{ seq: string }>(SQL.markPublished, (request) =>
        request.input("relay", RELAY, relay).input("marks", markRows(events)),
      );
      return seqs(recordset);
    },
    // One after the other: refusals are rare, and come singly.
    markRefused: async (relay, refusals) => {
      const written: number[] = [];
      for (const refusal of refusals) {
        const { recordset } = await run<{ seq: string }>(SQL.markRefused, (request) =>
          request
            .input("relay", RELAY, relay)
            .input("seq", mssql.BigInt, refusal.seq)
            .input("event_id", mssql.UniqueIdentifier, refusal.id)
            .input("partition_no", mssql.Int, refusal.partition)
            .input("epoch", mssql.BigInt, refusal.epoch)
            .input("attempts", mssql.Int, refusal.attempts)
            .input("error", mssql.NVarChar(500), refusalText(refusal.error))
            .input("dead", mssql.Bit, refusal.dead),
        );
        written.push(...seqs(recordset));
      }
      return written;
    },
    backlog: async () => {
      const { recordset } = await run<{ pending: string; dead: string; oldest: string | null }>(SQL.backlog);
      const row = recordset[0]!;
      return {
        pending: Number(row.pending),
        dead: Number(row.dead),
        oldestOccurredAt: row.oldest === null ? null : Number(row.oldest),
      };
    },
    purge: (olderThanMs, limit) => deleteOlder(SQL.purge, olderThanMs, limit),

    ensurePartitions: async (count) => {
      const rows = partitionRows(Array.from({ length: count }, (_, partition) => partition));
      await run(SQL.ensurePartitions, (request) => request.input("partitions", rows));
    },
    renew: async (relay, ttlMs) => {
      const bind = (request: mssql.Request) =>
        request.input("relay", RELAY, relay).input("ttl", mssql.Int, ttlMs);
      const announced = await run<{ relays: number }>(SQL.announce, bind);
      const { recordset } = await run<LeaseRow>(SQL.renew, bind);
      return { leases: (recordset ?? []).map(lease), relays: Number(announced.recordset[0]!.relays) };
    },
    claim: async (relay, limit, ttlMs) => {
      const { recordset } = await run<LeaseRow>(SQL.claim, (request) =>
        request.input("relay", RELAY, relay).input("limit", mssql.Int, limit).input("ttl", mssql.Int, ttlMs),
      );
      return (recordset ?? []).map(lease);
    },
    release: async (relay, leases) => {
      if (leases.length === 0) return;
      await run(SQL.release, (request) =>
        request.input("relay", RELAY, relay).input("leases", leaseRows(leases)),
      );
    },
    retire: async (relay) => void (await run(SQL.retire, (request) => request.input("relay", RELAY, relay))),

    listDead: async (limit, after = 0) => {
      const { recordset } = await run<EventRow & { last_error: string; dead_at: Date }>(
        SQL.listDead,
        (request) => request.input("after", mssql.BigInt, after).input("limit", mssql.Int, limit),
      );
      return recordset.map((row) => ({
        ...storedEvent(row),
        lastError: row.last_error,
        deadAt: row.dead_at.getTime(),
      }));
    },
    deadSubjects: async (partitions) => {
      if (partitions.length === 0) return [];
      const { recordset } = await run<{ subject: string; seq: string }>(SQL.deadSubjects, (request) =>
        request.input("partitions", partitionRows(partitions)),
      );
      return recordset.map(({ subject, seq }) => ({ subject, seq: Number(seq) }));
    },
    replay: async (ids) => {
      if (ids === "all") return replayAll();
      if (ids.length === 0) return 0;
      const { rowsAffected } = await run(SQL.replay, (request) => request.input("ids", idRows(ids)));
      return rowsAffected[0] ?? 0;
    },
    purgeDead: (olderThanMs, limit) => deleteOlder(SQL.purgeDead, olderThanMs, limit),
  };
}

/** Binds the parameters of append.sql. */
function appending(events: readonly EventEnvelope[], onlyWhereFree: boolean) {
  // In a table parameter the driver fails on such a number half way, and the connection with it.
  const wrong = events.find((e) => ![e.partition, e.sequence, e.occurredAt].every(Number.isSafeInteger));
  if (wrong) throw new EventsRefused(`a number of event ${wrong.id} is none`);
  const rows = eventRows(events);
  return (request: mssql.Request) =>
    request.input("rows", rows).input("where_free", mssql.Bit, onlyWhereFree);
}

/** Tells events that cannot be stored from a database that cannot store. */
async function storing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (isRefusedBySqlServer(cause)) throw new EventsRefused((cause as Error).message, { cause });
    throw cause;
  }
}

function runnerOf(tx: Transaction): SqlServerRunner {
  if (tx.dialect === "sqlserver") return tx;
  throw new Error("a transaction of PostgreSQL was given to SQL Server");
}

const seqs = (rows: readonly { seq: string }[] | undefined) => (rows ?? []).map(({ seq }) => Number(seq));
