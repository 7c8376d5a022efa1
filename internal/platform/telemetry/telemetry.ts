import { AsyncLocalStorage } from "node:async_hooks";
import type { Attributes } from "@opentelemetry/api";

/**
 * What a span is of: the client's side of a call, the server's, what hands a message over, or none of them.
 */
export type SpanKind = "internal" | "server" | "client" | "producer";

export interface SpanOptions {
  readonly name: string;
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /**
   * A `traceparent` to be the child of; without one the span that this code runs in, else none: a new trace.
   */
  readonly parent?: string | null;
  /** Of other traces' spans that this one belongs to as well. */
  readonly links?: readonly string[];
  /** Epoch ms, for what began before it was known; now unless told. */
  readonly startTime?: number;
}

/** A piece of work within a trace. */
export interface Span {
  /** To be sent along with calls and events that are part of this work. */
  readonly traceparent: string;
  rename(name: string): void;
  set(attributes: Attributes): void;
  /** Ends it, as failed when there is an error; `at` in epoch ms. */
  end(error?: unknown, at?: number): void;
}

export interface Tracer {
  start(options: SpanOptions): Span;
}

/** None while telemetry is off: then nothing here costs more than a look at it. */
let tracer: Tracer | null = null;
const current = new AsyncLocalStorage<Span>();

/** Has every span from now on made by `to`; null switches telemetry off. */
export function useTracer(to: Tracer | null): void {
  tracer = to;
}

/**
 * Begins a span within the current one, or within `options.parent`; null while telemetry is off. Within a
 * trace that is not recorded nothing is made: what stands for the span hands its parent on.
 */
export function startSpan(options: SpanOptions): Span | null {
  if (tracer === null) return null;
  const parent = options.parent === undefined ? activeTraceparent() : options.parent;
  return parent === null || isRecorded(parent) ? tracer.start({ ...options, parent }) : unrecorded(parent);
}

const nothing = () => {};
const unrecorded = (traceparent: string): Span => ({
  traceparent,
  rename: nothing,
  set: nothing,
  end: nothing,
});

/** The flag `sampled` of a traceparent. */
const isRecorded = (traceparent: string) => (Number.parseInt(traceparent.slice(-2), 16) & 1) === 1;

/** Runs `work` with `span` as the current one, also in what it begins and does not wait for. */
export function within<T>(span: Span | null, work: () => T): T {
  return span === null ? work() : current.run(span, work);
}

/**
 * Runs `work` in a span of its own within the current one, which ends as the work does; without one, just
 * runs it. `work` is given its span, or null, to say what becomes known later.
 */
export function inSpan<T>(options: SpanOptions, work: (span: Span | null) => Promise<T>): Promise<T> {
  const outer = activeTraceparent();
  if (outer === null || !isRecorded(outer)) return work(null);
  const span = startSpan(options)!;
  return current.run(span, work, span).then(
    (result) => {
      span.end();
      return result;
    },
    (error: unknown) => {
      span.end(error);
      throw error;
    },
  );
}

/** The current span's; null while there is none. */
export function activeTraceparent(): string | null {
  return tracer === null ? null : (current.getStore()?.traceparent ?? null);
}

/** What a log line says of the current trace. */
export function traceOfLogLine(): { traceId?: string } {
  const traceparent = activeTraceparent();
  return traceparent === null ? {} : { traceId: traceparent.slice(3, 35) };
}

/** True for the traceparent of a trace that is recorded, while telemetry is on. */
export function isTraced(traceparent: string | null): traceparent is string {
  return tracer !== null && traceparent !== null && isRecorded(traceparent);
}
