import type { ServerResponse } from "node:http";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import { openMetricsOf } from "../metrics/exemplars.ts";
import { Registry } from "../metrics/metrics.ts";
import { type HttpServer, listen } from "./server.ts";

/**
 * The admin port of a process: `/healthz` (200 while the event loop turns), `/readyz` (200, or 503 with the
 * reasons; notes beside either) and `/metrics` (Prometheus text, OpenMetrics with exemplars for who accepts
 * it, or 500 with the reason). Listens before the process is ready and closes last.
 */
export async function startAdminServer(options: {
  lifecycle: Lifecycle;
  registry: Registry;
  host: string;
  port: number;
}): Promise<HttpServer> {
  const { lifecycle, registry } = options;
  const server = await listen(async (req, res) => {
    if (req.method !== "GET" && req.method !== "HEAD") {
      res.setHeader("allow", "GET, HEAD");
      return json(res, 405, { status: "method not allowed" });
    }
    switch (req.url?.split("?")[0]) {
      case "/healthz":
        return json(res, 200, { status: "ok" });
      case "/readyz": {
        const reasons = await lifecycle.notReady();
        const notes = lifecycle.notes();
        const told = notes.length > 0 ? { notes } : {};
        return reasons.length === 0
          ? json(res, 200, { status: "ready", ...told })
          : json(res, 503, { status: "not ready", reasons, ...told });
      }
      case "/metrics": {
        const open = req.headers.accept?.includes("application/openmetrics-text") === true;
        const text = await (open ? openMetricsOf(registry) : registry.metrics()).catch(
          (error: Error) => error,
        );
        // A gauge that cannot be measured is the scraper's news, not the end of the process.
        if (text instanceof Error) return json(res, 500, { status: "not measured", reason: text.message });
        const type = open ? Registry.OPENMETRICS_CONTENT_TYPE : registry.contentType;
        res.writeHead(200, { "content-type": type, vary: "accept" }).end(text);
        return;
      }
      default:
        return json(res, 404, { status: "not found" });
    }
  }, options);
  lifecycle.onStop("admin server", () => server.close());
  return server;
}

function json(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
