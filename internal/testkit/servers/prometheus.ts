import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findTool } from "../kube/tool.ts";
import { endProcess, type ProcessId, spawnLogged, waitUntil } from "./child.ts";
import { freePort } from "./free-port.ts";

/** One series of an answer to an instant query: its labels, and its value at that moment. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus of ours on 127.0.0.1, which scrapes every second. */
export interface PrometheusServer {
  readonly url: string;
  /** Of an instant query. Rejects with Prometheus' own words when the expression is at fault. */
  query(expression: string): Promise<readonly Sample[]>;
  /** Names of the alerts that fire now. */
  firing(): Promise<readonly string[]>;
  /** Ids of the traces that it keeps with the buckets of a selector, of the last 5 minutes. */
  traces(selector: string): Promise<readonly string[]>;
  /** Names of all metrics that were ever scraped. */
  names(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/**
 * Starts the Prometheus that is installed or was unpacked by scripts/install-prometheus.sh on
 * `targets`, `host:port/path` each; evaluates `rules`, files, every second.
 */
export async function startPrometheus(options: {
  dir: string;
  targets: readonly URL[];
  rules?: readonly string[];
  onSpawn?: ((process: ProcessId) => void) | undefined;
}): Promise<PrometheusServer> {
  const { dir, targets, rules = [], onSpawn } = options;
  const command = findTool("prometheus");
  if (command === null) throw new Error("prometheus is missing: scripts/install-prometheus.sh");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const configFile = join(dir, "prometheus.json");
  writeFileSync(configFile, JSON.stringify(configuration(targets, rules)));
  const logFile = join(dir, "prometheus.log");
  const args = [
    `--config.file=${configFile}`,
    `--storage.tsdb.path=${join(dir, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--enable-feature=exemplar-storage",
  ];
  const server = spawnLogged(command, args, { logFile, onSpawn });

  async function ask<T>(path: string): Promise<T> {
    const answer = await fetch(`${url}/api/v1/${path}`, { signal: AbortSignal.timeout(30_000) });
    const { status, data, error } = (await answer.json()) as { status: string; data: T; error?: string };
    if (status !== "success") throw new Error(`Prometheus: ${error}`);
    return data;
  }
  const ready = async () => {
    const answer = await fetch(`${url}/-/ready`);
    if (!answer.ok) throw new Error(await answer.text());
  };
  await waitUntil("prometheus", ready, { timeoutMs: 60_000, process: server, logFile });

  return {
    url,
    query: async (expression) => {
      const { result } = await ask<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
        `query?query=${encodeURIComponent(expression)}`,
      );
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    firing: async () => {
      const { alerts } = await ask<{ alerts: { labels: { alertname: string }; state: string }[] }>("alerts");
      const names = alerts.filter(({ state }) => state === "firing").map(({ labels }) => labels.alertname);
      return [...new Set(names)].sort();
    },
    traces: async (selector) => {
      const now = Date.now() / 1000;
      const kept = await ask<{ exemplars: { labels: { trace_id: string } }[] }[]>(
        `query_exemplars?query=${encodeURIComponent(selector)}&start=${now - 300}&end=${now + 60}`,
      );
      return kept.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id));
    },
    names: () => ask<string[]>("label/__name__/values"),
    stop: () => endProcess(server, "SIGTERM"),
  };
}

/** YAML is a superset of JSON, so Prometheus reads JSON. */
function configuration(targets: readonly URL[], rules: readonly string[]) {
  return {
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: rules,
    scrape_configs: targets.map(({ host, pathname, searchParams }, index) => ({
      job_name: `target-${index}`,
      metrics_path: pathname,
      params: Object.fromEntries([...searchParams].map(([name, value]) => [name, [value]])),
      static_configs: [{ targets: [host] }],
    })),
  };
}
