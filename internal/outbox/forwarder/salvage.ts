import { createHash } from "node:crypto";
import type { EventEnvelope } from "../../platform/event/event.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Most UTF-16 units of each text, as the columns of both databases have them. */
const LONGEST = { source: 200, type: 64, subject: 64, sequenceName: 20, traceparent: 64 } as const;

/** The last moment that both databases and JavaScript can name: the end of the year 9999, epoch ms. */
const LAST_MOMENT = 253_402_300_799_999;

/** What keeps an event out of the SQL outbox, named by field; null when nothing does. */
export function faultOf(event: EventEnvelope): string | null {
  const faults: string[] = [];
  if (!UUID.test(event.id)) faults.push(`id ${shown(event.id)} is not a UUID`);
  for (const [name, longest] of Object.entries(LONGEST)) {
    const value = event[name as keyof typeof LONGEST];
    if (value === null) continue;
    if (value === "") faults.push(`${name} is empty`);
    if (value.length > longest) faults.push(`${name} ${shown(value)} is longer than ${longest} characters`);
    if (isBroken(value)) faults.push(`${name} ${shown(value)} holds characters that are none`);
  }
  if (!Number.isSafeInteger(event.sequence)) faults.push("version is not a whole number");
  if (!isMoment(event.occurredAt)) faults.push("at is not a time in epoch ms");
  if (isBroken(event.data) || !isJson(event.data)) faults.push("data is not JSON");
  return faults.length === 0 ? null : faults.join(", ");
}

/**
 * As much of an event as both databases can hold, whatever they found wrong with it. What is all right is
 * kept as it is; the id of one that has none follows from its entry, so that a repetition has the same.
 */
export function storableEvent(event: EventEnvelope, entryId: string): EventEnvelope {
  const minimal = minimalEvent(event.partition, entryId);
  const text = (name: Exclude<keyof typeof LONGEST, "traceparent">) =>
    storable(event[name]).slice(0, LONGEST[name]).toWellFormed() || minimal[name];
  const traceparent = event.traceparent === null ? "" : storable(event.traceparent);
  return {
    ...minimal,
    id: UUID.test(event.id) ? event.id : minimal.id,
    source: text("source"),
    type: text("type"),
    subject: text("subject"),
    sequenceName: text("sequenceName"),
    sequence: Number.isSafeInteger(event.sequence) ? event.sequence : 0,
    data: storable(event.data),
    traceparent: traceparent === "" || traceparent.length > LONGEST.traceparent ? null : traceparent,
    occurredAt: isMoment(event.occurredAt) ? event.occurredAt : minimal.occurredAt,
  };
}

/** A stand-in for an event of which not even {@link storableEvent} can be stored. Holds back no subject. */
export function minimalEvent(partition: number, entryId: string): EventEnvelope {
  const hash = createHash("sha256").update(`outbox:{${partition}} ${entryId}`).digest("hex");
  // Version 8 of RFC 9562: a hash of the maker's own choice.
  const id = [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `8${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ];
  const stagedAt = Number(entryId.split("-")[0]);
  return {
    id: id.join("-"),
    partition,
    source: "/cartwright/outbox",
    type: "outbox.unreadable",
    subject: `entry ${entryId}`.slice(0, LONGEST.subject),
    sequence: 0,
    sequenceName: "outboxversion",
    data: "{}",
    traceparent: null,
    occurredAt: isMoment(stagedAt) ? stagedAt : 0,
  };
}

/** NUL, which PostgreSQL refuses, and half a surrogate pair, which is not text. */
function isBroken(text: string): boolean {
  return text.includes("\0") || !text.isWellFormed();
}

function storable(text: string): string {
  return text.replaceAll("\0", "\ufffd").toWellFormed();
}

function isMoment(ms: number): boolean {
  return Number.isSafeInteger(ms) && ms >= 0 && ms <= LAST_MOMENT;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Enough of a value to know it by. */
function shown(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
}
