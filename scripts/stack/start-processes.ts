import { join } from "node:path";
import { spawnLogged, waitUntil } from "../servers/child.ts";
import { portTaken } from "../servers/free-port.ts";
import type { DevSecrets } from "./dev-keys.ts";
import { environmentOf, mainOf, type ProcessName } from "./processes.ts";
import { portFor } from "./start-servers.ts";
import { note, RUN_DIR, runningOf, type State } from "./state.ts";
import { step } from "./steps.ts";

const PORTS = {
  "catalog-stub": { port: 27_082, admin: 27_182 },
  cart: { port: 27_081, admin: 27_181 },
  "outbox-relay": { admin: 27_183 },
  gateway: { admin: 27_180 },
};

/** Starts our own processes that do not run yet, each when what it needs is ready. */
export async function startProcesses(state: State, secrets: DevSecrets, gatewayPort: number): Promise<void> {
  const surroundings = {
    ...secrets,
    redisUrl: state.redisUrl!,
    databaseUrl: state.databaseUrl!,
    amqpUrl: state.relayUrl!,
  };
  for (const name of ["catalog-stub", "cart", "outbox-relay", "gateway"] as const) {
    if (runningOf(state, name)) continue;
    const adminPort = await portFor(state, `${name} admin`, PORTS[name].admin);
    const port = await portOf(name, state, gatewayPort, adminPort);
    if (name === "gateway" && (await portTaken(port))) {
      throw new Error(`Port ${port} is taken by another program; choose another: make up PORT=${port + 1}`);
    }
    await step(`start ${name}`, async () => {
      const urlOf = (other: ProcessName) => `http://127.0.0.1:${state.ports[other]}`;
      const env = environmentOf(name, surroundings, {
        port,
        adminPort,
        cart: urlOf("cart"),
        catalog: urlOf("catalog-stub"),
      });
      const logFile = join(RUN_DIR, "logs", `${name}.log`);
      const { pid } = spawnLogged(process.execPath, [mainOf(name)], { logFile, env });
      state.ports[name] = port;
      note(state, { name, pid, port, adminPort, logFile, signal: "SIGTERM" });
      await waitUntil(name, () => ready(adminPort), { timeoutMs: 30_000, pid, logFile });
    });
  }
}

/** The relay serves nothing but its admin port. */
async function portOf(
  name: ProcessName,
  state: State,
  gatewayPort: number,
  adminPort: number,
): Promise<number> {
  if (name === "gateway") return gatewayPort;
  return name === "outbox-relay" ? adminPort : portFor(state, name, PORTS[name].port);
}

async function ready(adminPort: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`);
  if (!answer.ok) throw new Error(await answer.text());
}
