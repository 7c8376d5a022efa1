import { createHash } from "node:crypto";
import { join } from "node:path";
import type { DevSecrets } from "../processes/dev-keys.ts";
import { spawnReady } from "../processes/platform.ts";
import { environmentOf, type ProcessName, type Surroundings } from "../processes/processes.ts";
import { stillRuns } from "../servers/child.ts";
import { portTaken } from "../servers/free-port.ts";
import { portOwner } from "../servers/port-owner.ts";
import { portFor, startPart, stopPart } from "./start-part.ts";
import { RUN_DIR, runningOf, type State } from "./state.ts";
import { step } from "./steps.ts";
import { settledFor } from "./variables.ts";

const PORTS = {
  "catalog-stub": { port: 27_082, admin: 27_182 },
  cart: { port: 27_081, admin: 27_181 },
  "outbox-relay": { admin: 27_183 },
  gateway: { admin: 27_180 },
};

/**
 * Starts our own processes that do not run yet, each when what it needs is ready; one
 * that was started with addresses or secrets that no longer hold is started again.
 */
export async function startProcesses(state: State, secrets: DevSecrets, gatewayPort: number): Promise<void> {
  const surroundings: Surroundings = {
    ...secrets,
    redisUrl: state.redisUrl!,
    databaseUrl: state.databaseUrl!,
    amqpUrl: state.relayUrl!,
  };
  for (const name of ["catalog-stub", "cart", "outbox-relay", "gateway"] as const) {
    await startProcess(state, name, surroundings, gatewayPort);
  }
}

async function startProcess(
  state: State,
  name: ProcessName,
  surroundings: Surroundings,
  gatewayPort: number,
): Promise<void> {
  const urlOf = (other: ProcessName) => `http://127.0.0.1:${state.ports[other]}`;
  const urls = { cart: urlOf("cart"), catalog: urlOf("catalog-stub") };
  const settings = fingerprint(environmentOf(name, surroundings, { port: 0, adminPort: 0, ...urls }, {}));
  const running = runningOf(state, name);
  if (running && (running.settings ?? settings) === settings) return;
  if (running) await step(`stop ${name}, whose surroundings have moved`, () => stopPart(running));

  const adminPort = await portFor(state, `${name} admin`, PORTS[name].admin);
  const port = await servicePort(state, name, gatewayPort, adminPort);
  const logFile = join(RUN_DIR, "logs", `${name}.log`);
  const variables = await settledFor(state, name, process.env);
  const part = { name, port, adminPort, logFile, settings, signal: "SIGTERM", variables } as const;
  await startPart(state, part, async (onSpawn) => {
    const user = { ...process.env, ...variables };
    const env = environmentOf(name, surroundings, { port, adminPort, ...urls }, user);
    await spawnReady(name, { env, adminPort, logFile, onSpawn });
  });
}

/** The relay serves nobody: it has its admin port only. */
async function servicePort(state: State, name: ProcessName, gatewayPort: number, adminPort: number) {
  if (name === "outbox-relay") return adminPort;
  if (name !== "gateway") return portFor(state, name, PORTS[name].port);
  await refuseTaken(state, gatewayPort);
  state.ports[name] = gatewayPort;
  return gatewayPort;
}

/** Fails with who has the port, unless it is our own gateway, half started. */
export async function refuseTaken(state: State, port: number): Promise<void> {
  const ours = state.started.some((each) => each.name === "gateway" && each.port === port && stillRuns(each));
  if (ours || !(await portTaken(port))) return;
  const owner = portOwner(port) ?? "another program";
  throw new Error(`Port ${port} is taken by ${owner}. Choose another: make up PORT=${port + 1}`);
}

/** Of what a process is told about its surroundings; what its user sets is not in it. */
function fingerprint(env: NodeJS.ProcessEnv): string {
  return createHash("sha256")
    .update(JSON.stringify(Object.entries(env).sort()))
    .digest("hex");
}
