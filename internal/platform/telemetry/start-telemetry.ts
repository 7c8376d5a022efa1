import { useTracer } from "./telemetry.ts";

/** As the environment of a process has it. */
export interface TelemetryConfig {
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  readonly OTEL_SDK_DISABLED: "true" | "false";
  readonly OTEL_TRACES_SAMPLER_ARG: number;
}

/**
 * Traces the process `service` from now on when there is somewhere to send spans to; else loads nothing and
 * does nothing. Resolves with what sends the last spans.
 */
export async function startTelemetry(service: string, config: TelemetryConfig): Promise<() => Promise<void>> {
  const endpoint = config.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined || config.OTEL_SDK_DISABLED === "true") return async () => {};
  const { createOtlpTracer } = await import("./otlp.ts");
  const { tracer, close } = createOtlpTracer({ endpoint, ratio: config.OTEL_TRACES_SAMPLER_ARG, service });
  useTracer(tracer);
  return close;
}
