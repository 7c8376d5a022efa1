import { join } from "node:path";
import { endProcess, type ProcessId, spawnLogged, waitUntil } from "./child.ts";
import { freePort } from "./free-port.ts";

/** A span as Jaeger gives it back. */
export interface KeptSpan {
  readonly spanID: string;
  readonly processID: string;
  readonly operationName: string;
  readonly references: readonly { readonly refType: string; readonly spanID: string }[];
  readonly tags: readonly { readonly key: string; readonly value: unknown }[];
}

/** A trace as Jaeger gives it back. */
export interface KeptTrace {
  readonly spans: readonly KeptSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

/** A Jaeger of ours on 127.0.0.1 that keeps traces in memory. */
export interface JaegerServer {
  /** What it takes OTLP over HTTP at. */
  readonly endpoint: string;
  /** The trace of an id (32 hex digits), null while none of its spans has arrived. */
  trace(id: string): Promise<KeptTrace | null>;
  stop(): Promise<void>;
}

/** Starts `command`, a Jaeger all-in-one 1.76 (scripts/install-jaeger.sh). */
export async function startJaeger(options: {
  command: string;
  dir: string;
  onSpawn?: ((process: ProcessId) => void) | undefined;
}): Promise<JaegerServer> {
  const { command, dir, onSpawn } = options;
  const listens = ["collector.otlp.http", "query.http-server"] as const;
  const others = ["collector.otlp.grpc", "collector.grpc-server", "collector.http-server"];
  const ports = new Map<string, number>();
  for (const name of [...listens, ...others, "query.grpc-server", "admin.http"])
    ports.set(name, await freePort());
  const args = [...ports].map(([name, port]) => `--${name}.host-port=127.0.0.1:${port}`);
  const logFile = join(dir, "jaeger.log");
  const env = { ...process.env, SPAN_STORAGE_TYPE: "memory" };
  const server = spawnLogged(command, args, { logFile, env, onSpawn });
  const [endpoint, queries] = listens.map((name) => `http://127.0.0.1:${ports.get(name)}`) as [
    string,
    string,
  ];
  const ready = async () => {
    const answer = await fetch(`http://127.0.0.1:${ports.get("admin.http")}/`);
    if (!answer.ok) throw new Error(await answer.text());
  };
  await waitUntil("jaeger", ready, { timeoutMs: 60_000, process: server, logFile });
  return {
    endpoint,
    trace: async (id) => {
      const answer = await fetch(`${queries}/api/traces/${id}`);
      if (answer.status === 404) return null;
      if (!answer.ok) throw new Error(`Jaeger answered ${answer.status}: ${await answer.text()}`);
      const { data } = (await answer.json()) as { data: readonly KeptTrace[] };
      return data[0] ?? null;
    },
    stop: () => endProcess(server, "SIGTERM"),
  };
}
