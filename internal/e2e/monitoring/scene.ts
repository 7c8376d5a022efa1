import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { createOperatorMetrics } from "../../operator/metrics.ts";
import { createRegistry } from "../../platform/metrics/metrics.ts";
import { findTool } from "../../testkit/kube/tool.ts";
import type { Platform } from "../../testkit/processes/platform.ts";
import type { RabbitServer } from "../../testkit/servers/rabbitmq.ts";
import { onTeardown } from "../../testkit/servers/test-servers.ts";

const RULES = new URL("../../../charts/cartwright/files/rules/", import.meta.url);

/** The files of the chart's alerts, as a plain Prometheus reads them. */
export const RULE_FILES = readdirSync(RULES).map((name) => fileURLToPath(new URL(name, RULES)));

/** Skips the suite, saying why, where there is no Prometheus. */
export function needPrometheus(context: Mocha.Context): void {
  if (findTool("prometheus") !== null && findTool("promtool") !== null) return;
  process.stdout.write("      neither prometheus nor promtool is here: scripts/install-prometheus.sh\n");
  context.skip();
}

/** Where a running platform and its broker are to be scraped. */
export function targetsOf(platform: Platform, rabbit: RabbitServer): URL[] {
  const ours = [...platform.gateways, platform.catalog, ...platform.carts, ...platform.relays];
  return [...ours.map(({ adminUrl }) => new URL("/metrics", adminUrl)), new URL(rabbit.metricsUrl)];
}

/**
 * Stands for the operator, which needs a cluster to run: its registry as it is, with one count of each kind.
 * Resolves with where to scrape it.
 */
export async function exportOperator(): Promise<URL> {
  const registry = createRegistry("operator");
  const metrics = createOperatorMetrics(registry, () => true);
  const count = setInterval(() => {
    metrics.reconciles.inc({ kind: "CartPlatform", result: "ok" });
    metrics.duration.observe({ kind: "CartPlatform" }, 0.01);
    metrics.decisions.inc({ reason: "Settled" });
  }, 500);
  const server = createServer(async (_req, res) => void res.end(await registry.metrics()));
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTeardown(async () => {
    clearInterval(count);
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`);
}
