import type { Registry } from "../../platform/metrics/metrics.ts";

/** A metric as a registry describes it; prom-client has these fields, its types do not. */
interface Described {
  readonly name: string;
  readonly help: string;
  readonly type?: string;
  readonly labelNames?: readonly string[];
}

/** Every metric of a registry. */
export function metricsOf(registry: Registry): readonly Described[] {
  return registry.getMetricsAsArray() as unknown as readonly Described[];
}

const HEAD = `# Metrics

Written by \`make docs\` from the processes' registries; \`make check\` fails when it is stale. Each process
serves its own at \`/metrics\` of its \`ADMIN_PORT\`, all with the label \`process\`. Names, units and labels
pass \`promtool check metrics\`, and no client can add a label's value.
Who accepts OpenMetrics, as Prometheus does, is shown the last recorded trace of a bucket (\`trace_id\`) of
\`http_request_duration_seconds\` and \`outbox_publish_latency_seconds\`.
`;

/** Markdown: the metrics that several processes export, then those of each process alone. */
export function metricsPage(registries: ReadonlyMap<string, Registry>): string {
  const exporters = new Map<string, string[]>();
  const metrics = new Map<string, Described>();
  for (const [process, registry] of registries)
    for (const metric of metricsOf(registry)) {
      metrics.set(metric.name, metric);
      exporters.set(metric.name, [...(exporters.get(metric.name) ?? []), process]);
    }
  const groups = new Map<string, Described[]>();
  for (const [name, processes] of exporters) {
    const title = processes.length === registries.size ? "every process" : processes.join(", ");
    groups.set(title, [...(groups.get(title) ?? []), metrics.get(name)!]);
  }
  return [HEAD, ...[...groups].sort(byTitle).map(([title, members]) => section(title, members))].join("\n");
}

/** Node's own, which every process has, are the least interesting. */
const byTitle = ([a]: [string, unknown], [b]: [string, unknown]) =>
  Number(a === "every process") - Number(b === "every process") || a.localeCompare(b);

function section(title: string, metrics: readonly Described[]): string {
  const rows = metrics
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map(({ name, help, type, labelNames = [] }) => {
      const labels = labelNames.map((label) => `\`${label}\``).join(", ");
      return `| \`${name}\` | ${type} | ${labels} | ${help.replaceAll("|", "\\|")} |`;
    });
  return [
    `## Of ${title}`,
    "",
    "| metric | type | labels | meaning |",
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}
