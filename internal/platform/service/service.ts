import type { RequestListener } from "node:http";
import { startAdminServer } from "../http/admin.ts";
import type { ConnectionLimits } from "../http/connection-limits.ts";
import { listen, PATIENCE } from "../http/server.ts";
import { createLifecycle, type Lifecycle } from "../lifecycle/lifecycle.ts";
import { createLogger, type Logger } from "../logger/logger.ts";
import { createRegistry, type Registry } from "../metrics/metrics.ts";
import { startTelemetry, type TelemetryConfig } from "../telemetry/start-telemetry.ts";
import { nodeFault } from "./require-node.ts";

/** What every long-running process starts with. */
export interface Service {
  readonly log: Logger;
  readonly registry: Registry;
  readonly lifecycle: Lifecycle;
  /**
   * Listens for the process's own traffic on `port` and declares it ready. Closed first at shutdown.
   * `headersMs` is how long a request's headers may take.
   */
  serve(
    handler: RequestListener,
    port: number,
    bounds?: { readonly connections: ConnectionLimits; readonly headersMs: number },
  ): Promise<void>;
}

/**
 * Logger, traces, metrics, lifecycle and the admin port of the process `name`; the admin port closes last.
 */
export async function startService(
  name: string,
  config: TelemetryConfig & {
    readonly HOST: string;
    readonly ADMIN_PORT: number;
    readonly LOG_LEVEL: string;
    readonly SHUTDOWN_DELAY_MS: number;
    readonly SHUTDOWN_DEADLINE_MS: number;
  },
): Promise<Service> {
  const fault = nodeFault(process.versions.node);
  if (fault !== null) {
    console.error(fault);
    process.exit(1);
  }
  const log = createLogger(name, config.LOG_LEVEL);
  const registry = createRegistry(name);
  const lifecycle = createLifecycle({
    log,
    delayMs: config.SHUTDOWN_DELAY_MS,
    deadlineMs: config.SHUTDOWN_DEADLINE_MS,
  });
  const endTelemetry = await startTelemetry(name, config);
  lifecycle.onStop("telemetry", endTelemetry);
  await startAdminServer({ lifecycle, registry, host: config.HOST, port: config.ADMIN_PORT });
  return {
    log,
    registry,
    lifecycle,
    serve: async (handler, port, bounds) => {
      const server = await listen(handler, {
        host: config.HOST,
        port,
        told: { registry, log },
        ...(bounds && {
          connections: bounds.connections,
          patience: { ...PATIENCE, headersMs: bounds.headersMs },
        }),
      });
      lifecycle.onStopping(() => server.retire());
      lifecycle.onStop("http server", () => server.close());
      log.info({ port: server.port }, "listening");
      lifecycle.ready();
    },
  };
}
