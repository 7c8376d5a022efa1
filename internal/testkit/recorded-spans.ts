import { type SpanOptions, useTracer } from "../platform/telemetry/telemetry.ts";
import { newTraceparent } from "../platform/trace/traceparent.ts";

/** A span as it was when it ended, or is so far. */
export interface RecordedSpan extends SpanOptions {
  readonly traceparent: string;
  readonly ended: boolean;
  readonly error?: unknown;
}

/** A traceparent of a new trace that is recorded. */
export const recordedTrace = (): string => newTraceparent().replace(/00$/, "01");

/** Spans from now on, in the order they began, until the test calls `useTracer(null)`. */
export function recordSpans(): readonly RecordedSpan[] {
  const spans: RecordedSpan[] = [];
  useTracer({
    start: (options) => {
      const at = spans.length;
      const change = (changes: Partial<RecordedSpan>) => {
        spans[at] = { ...spans[at]!, ...changes };
      };
      const traceparent = recordedTrace();
      spans.push({ ...options, traceparent, ended: false });
      return {
        traceparent,
        rename: (name) => change({ name }),
        set: (attributes) => change({ attributes: { ...spans[at]!.attributes, ...attributes } }),
        end: (error) => change({ ended: true, error }),
      };
    },
  });
  return spans;
}
