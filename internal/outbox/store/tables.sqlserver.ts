import mssql from "mssql";
import type { EventEnvelope } from "../../platform/event/event.ts";
import type { Cursor, Fenced, Lease } from "./store.ts";

/*
 * Table-valued parameters. Their types are created by the migration: SQL Server
 * takes a table parameter only of a named type. Columns go by position.
 */

/** Events with their order, as `outbox_envelope_rows`. Each id once: the first wins. */
export function eventRows(events: readonly EventEnvelope[]): mssql.Table {
  const table = new mssql.Table("outbox_envelope_rows");
  table.columns.add("ordinal", mssql.Int, { nullable: false });
  table.columns.add("event_id", mssql.UniqueIdentifier, { nullable: false });
  table.columns.add("partition_no", mssql.Int, { nullable: false });
  table.columns.add("source", mssql.NVarChar(200), { nullable: false });
  table.columns.add("type", mssql.NVarChar(64), { nullable: false });
  table.columns.add("subject", mssql.NVarChar(64), { nullable: false });
  table.columns.add("version", mssql.BigInt, { nullable: false });
  table.columns.add("sequence_name", mssql.NVarChar(20), { nullable: false });
  table.columns.add("payload", mssql.NVarChar(mssql.MAX), { nullable: false });
  table.columns.add("traceparent", mssql.NVarChar(64), { nullable: true });
  table.columns.add("occurred_at", mssql.BigInt, { nullable: false });
  const seen = new Set<string>();
  for (const e of events) {
    if (seen.has(e.id)) continue;
    seen.add(e.id);
    table.rows.add(
      seen.size,
      e.id,
      e.partition,
      e.source,
      e.type,
      e.subject,
      e.sequence,
      e.sequenceName,
      withoutApostrophes(e.data),
      e.traceparent,
      e.occurredAt,
    );
  }
  return table;
}

/** Partitions with a cursor, as `outbox_cursor_rows`. */
export function cursorRows(cursors: readonly Cursor[]): mssql.Table {
  const table = new mssql.Table("outbox_cursor_rows");
  table.columns.add("partition_no", mssql.Int, { nullable: false });
  table.columns.add("after", mssql.BigInt, { nullable: false });
  for (const { partition, after } of cursors) table.rows.add(partition, after);
  return table;
}

/** Partitions alone, in the same type. */
export function partitionRows(partitions: Iterable<number>): mssql.Table {
  return cursorRows([...new Set(partitions)].map((partition) => ({ partition, after: 0 })));
}

/** Events with the lease they were published under, as `outbox_mark_rows`. */
export function markRows(events: readonly Fenced[]): mssql.Table {
  const table = new mssql.Table("outbox_mark_rows");
  table.columns.add("seq", mssql.BigInt, { nullable: false });
  table.columns.add("event_id", mssql.UniqueIdentifier, { nullable: false });
  table.columns.add("partition_no", mssql.Int, { nullable: false });
  table.columns.add("epoch", mssql.BigInt, { nullable: false });
  for (const { seq, id, partition, epoch } of events) table.rows.add(seq, id, partition, epoch);
  return table;
}

/** Partitions with the epoch they are held at, as `outbox_lease_rows`. */
export function leaseRows(leases: readonly Lease[]): mssql.Table {
  const table = new mssql.Table("outbox_lease_rows");
  table.columns.add("partition_no", mssql.Int, { nullable: false });
  table.columns.add("epoch", mssql.BigInt, { nullable: false });
  for (const { partition, epoch } of leases) table.rows.add(partition, epoch);
  return table;
}

/** Event ids, as `outbox_id_rows`. */
export function idRows(ids: readonly string[]): mssql.Table {
  const table = new mssql.Table("outbox_id_rows");
  table.columns.add("event_id", mssql.UniqueIdentifier, { nullable: false });
  for (const id of ids) table.rows.add(id);
  return table;
}

/**
 * The same JSON with apostrophes spelled as escapes. They can only stand within strings there. Babelfish 4.4
 * pastes the rows of a table parameter into a statement without doubling them: a syntax error at best.
 */
function withoutApostrophes(json: string): string {
  return json.replaceAll("'", "\\u0027");
}
