import { Histogram, Registry } from "prom-client";
import { isTraced } from "../telemetry/telemetry.ts";

/** A histogram that names, for each bucket, the last recorded trace that fell into it. */
export interface TracedHistogram<L extends string> {
  /** Counts `seconds`; `traceparent` is of the work that took them, null when there is none. */
  observe(labels: Readonly<Partial<Record<L, string>>>, seconds: number, traceparent: string | null): void;
}

/**
 * A histogram in seconds with exemplars, labelled `trace_id`: only who asks for OpenMetrics is shown them
 * ({@link openMetricsOf}), and only of traces that are recorded, so that each can be looked up.
 */
export function createTracedHistogram<L extends string = never>(options: {
  name: string;
  help: string;
  labelNames?: readonly L[];
  buckets: number[];
  registry: Registry;
}): TracedHistogram<L> {
  const { registry, labelNames = [], ...config } = options;
  // prom-client would refuse to register it with a registry of plain text by itself.
  const histogram = new Histogram<L | "trace_id">({
    ...config,
    labelNames: [...labelNames],
    enableExemplars: true,
    registers: [],
  });
  registry.registerMetric(histogram);
  return {
    observe: (labels, value, traceparent) => {
      const exemplarLabels = isTraced(traceparent) ? { trace_id: traceparent.slice(3, 35) } : {};
      histogram.observe({ labels, value, exemplarLabels } as Parameters<typeof histogram.observe>[0]);
    },
  };
}

/** A registry's metrics as OpenMetrics 1.0, with exemplars. */
export function openMetricsOf(registry: Registry): Promise<string> {
  // On derived objects: prom-client cuts `_total` off the name of each counter that it writes so.
  const view: Registry = Object.create(registry, {
    contentType: { value: Registry.OPENMETRICS_CONTENT_TYPE },
    getMetricsAsArray: {
      value: () => registry.getMetricsAsArray().map((metric) => Object.create(metric)),
    },
  });
  return view.metrics();
}
