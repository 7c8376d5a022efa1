import {
  type Context,
  isSpanContextValid,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler } from "@opentelemetry/sdk-trace";
import { ATTR_SERVICE_NAME, ATTR_SERVICE_NAMESPACE } from "@opentelemetry/semantic-conventions";
import type { Span, SpanOptions, Tracer } from "./telemetry.ts";

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
} as const;

/**
 * Spans by OpenTelemetry's SDK, sent in batches as OTLP over HTTP (JSON) to `endpoint` + `/v1/traces`. Of
 * traces that begin here `ratio` (0 to 1) are recorded; of others those whose sender records them. A
 * collector that is away costs the spans alone: what does not fit the queue of 2,048 is dropped. Once a
 * process: the SDK registers itself globally.
 */
export function createOtlpTracer(options: { endpoint: string; ratio: number; service: string }): {
  tracer: Tracer;
  close(): Promise<void>;
} {
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({
      [ATTR_SERVICE_NAME]: options.service,
      [ATTR_SERVICE_NAMESPACE]: "cartwright",
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.ratio) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: `${options.endpoint.replace(/\/$/, "")}/v1/traces` }),
        scheduledDelayMillis: 1_000,
      }),
    ],
    // What is left out here the SDK would take from the environment: it exports logs unless told not to.
    autoDetectResources: false,
    instrumentations: [],
    logRecordProcessors: [],
    metricReaders: [],
    textMapPropagator: null,
  });
  sdk.start();
  const spans = trace.getTracer("cartwright");

  function start({ name, kind = "internal", attributes, parent, links = [], startTime }: SpanOptions): Span {
    const begin = {
      kind: KINDS[kind],
      ...(attributes && { attributes }),
      links: links.map((link) => ({ context: contextOf(link) })),
      ...(startTime !== undefined && { startTime }),
    };
    return wrap(spans.startSpan(name, begin, parent ? within(parent) : ROOT_CONTEXT));
  }

  return { tracer: { start }, close: () => sdk.shutdown() };
}

function wrap(span: OtelSpan): Span {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`,
    rename: (name) => void span.updateName(name),
    set: (attributes) => void span.setAttributes(attributes),
    end: (error, at) => {
      if (error !== undefined) {
        span.recordException(error as Error);
        span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message });
      }
      span.end(at);
    },
  };
}

/** What a traceparent names, in another process. */
function contextOf(traceparent: string): SpanContext {
  const [, traceId = "", spanId = "", flags = ""] = traceparent.split("-");
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
}

function within(traceparent: string): Context {
  const parent = contextOf(traceparent);
  return isSpanContextValid(parent) ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
}
