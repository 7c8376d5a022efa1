import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { KubeConfig } from "@kubernetes/client-node";
import { eventually } from "../eventually.ts";
import { watch } from "../guard.ts";
import { endProcess, send, spawnLogged } from "../servers/child.ts";
import { freePort } from "../servers/free-port.ts";
import { logDir, onTeardown } from "../servers/test-servers.ts";

const MAIN = fileURLToPath(new URL("../../../cmd/operator/main.ts", import.meta.url));

/** A call that the operator made, as RBAC sees it, with the status of its answer. */
export interface RecordedCall {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly code: string;
  readonly count: number;
}

/** An operator as a process of its own. */
export interface OperatorProcess {
  readonly identity: string;
  /** Its log so far. */
  lines(): { level: string; msg: string; [field: string]: unknown }[];
  /** By its own metric; false when it does not answer. */
  leads(): Promise<boolean>;
  calls(): Promise<RecordedCall[]>;
  /** Its page of metrics, as Prometheus reads it. */
  metrics(): Promise<string>;
  /** How often it has brought a CartPlatform to what it says. */
  rounds(): Promise<number>;
  /** SIGSTOP or SIGCONT. */
  signal(signal: NodeJS.Signals): void;
  end(signal: NodeJS.Signals): Promise<void>;
}

const SAMPLE = /^kubernetes_requests_total\{(.*)\} (\d+)$/gm;

/** Starts it with a configuration of its own for the API server, reconciling twice a second. */
export async function startOperator(options: {
  config: KubeConfig;
  namespace: string;
  identity: string;
  leaseSeconds: number;
  /** Without it, it looks after all of the namespace. */
  release?: string;
}): Promise<OperatorProcess> {
  const { config, namespace, identity, leaseSeconds, release } = options;
  const dir = logDir(`operator-${identity}`);
  const file = join(dir, "kubeconfig");
  writeFileSync(file, config.exportConfig(), { mode: 0o600 });
  const port = await freePort();
  const logFile = join(dir, "log");
  const spawned = spawnLogged(process.execPath, [MAIN], {
    logFile,
    onSpawn: watch,
    env: {
      PATH: process.env.PATH,
      KUBECONFIG: file,
      HOST: "127.0.0.1",
      ADMIN_PORT: String(port),
      NAMESPACE: namespace,
      ...(release !== undefined && { RELEASE: release }),
      POD_NAME: identity,
      LEASE_SECONDS: String(leaseSeconds),
      RECONCILE_INTERVAL_MS: "500",
    },
  });
  const end = (signal: NodeJS.Signals) => endProcess(spawned, signal);
  onTeardown(() => end("SIGKILL"));
  const metrics = async () =>
    (await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(5_000) })).text();
  await eventually(`${identity} answers`, metrics, { timeoutMs: 150_000 });
  return {
    identity,
    lines: () =>
      readFileSync(logFile, "utf8")
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line)),
    leads: async () => /^operator_leading\S* 1$/m.test(await metrics().catch(() => "")),
    calls: async () =>
      [...(await metrics()).matchAll(SAMPLE)].map(([, labels = "", count]) => {
        const label = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(labels)?.[1] ?? "";
        const [verb, group, resource, code] = ["verb", "group", "resource", "code"].map(label);
        return { verb: verb!, group: group!, resource: resource!, code: code!, count: Number(count) };
      }),
    rounds: async () =>
      [...(await metrics()).matchAll(/^operator_reconciles_total\S*kind="CartPlatform"\S* (\d+)$/gm)].reduce(
        (sum, [, count]) => sum + Number(count),
        0,
      ),
    metrics,
    signal: (signal) => send(spawned, signal),
    end,
  };
}
