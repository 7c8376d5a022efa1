import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { identityOf } from "../../platform/identity/identity.ts";
import { createInternalTokenSigner } from "../../platform/identity/internal-token.ts";
import { fixedKeyRing } from "../../platform/identity/key-ring.ts";
import { watch } from "../../testkit/guard.ts";
import { devSecrets } from "../../testkit/processes/dev-keys.ts";
import { migrateDatabase, NO_LIMITS, type Running, startProcess } from "../../testkit/processes/platform.ts";
import type { ProcessName, Surroundings } from "../../testkit/processes/processes.ts";
import { endProcess, spawnLogged, waitUntil } from "../../testkit/servers/child.ts";
import type { DatabaseServer } from "../../testkit/servers/database.ts";
import { freePort } from "../../testkit/servers/free-port.ts";
import { childrenOf } from "../../testkit/servers/process-tree.ts";
import type { RabbitServer } from "../../testkit/servers/rabbitmq.ts";
import type { RedisServer } from "../../testkit/servers/redis.ts";
import { logDir, onTeardown, ownDatabase, ownRabbit, ownRedis } from "../../testkit/servers/test-servers.ts";
import { CPU_OF, pin, pinned, unpin } from "./pin.ts";

const execute = promisify(execFile);

/** The servers of a bench run and what is needed to start contenders on them. */
export interface Stage {
  readonly dir: string;
  readonly redis: RedisServer;
  readonly database: DatabaseServer;
  readonly rabbit: RabbitServer;
  readonly surroundings: Surroundings;
  /** Starts a process of the product on the contender's core. */
  product(name: ProcessName, settings?: NodeJS.ProcessEnv, on?: Partial<Surroundings>): Promise<Running>;
  /**
   * Starts `contenders/<name>.ts`, a server on PORT, on the
   * contender's core unless told otherwise.
   */
  contender(
    name: string,
    env: NodeJS.ProcessEnv,
    cpu?: number,
  ): Promise<{ readonly url: string; readonly pid: number; stop(): Promise<void> }>;
  /**
   * Runs `contenders/<name>.ts` to its end on the contender's core; resolves with the JSON it has printed.
   */
  run(name: string, env: NodeJS.ProcessEnv): Promise<unknown>;
  /** From now on everything may use every core: where server and contender do not fit one core each. */
  spread(): void;
  /**
   * From now on cart, Redis and database have the contender's core; relay, broker and load have the other:
   * where all are needed at once, and each core would have to wait for what has moved to the other.
   */
  divide(): void;
  /** From now on the contender has one core; load and servers have the other: as at the beginning. */
  separate(): void;
  /** A token as the gateway gives it to the cart service; `guest` is whose cart the owner may merge. */
  identity(owner: string, guest?: string): Promise<string>;
}

/**
 * With PROFILE=<folder>, each process of the product leaves a
 * CPU profile there as it ends, for Chrome's developer tools.
 */
const PROFILING = process.env.PROFILE ? ["--cpu-prof", `--cpu-prof-dir=${process.env.PROFILE}`] : [];

/** The products that are sold in a bench. */
export const CATALOG = fileURLToPath(new URL("./catalog.json", import.meta.url));

/** Starts Redis, the database and RabbitMQ of the bench's own and moves them to the core of the load. */
export async function openStage(): Promise<Stage> {
  const dir = logDir("bench");
  const [redis, database, rabbit] = await Promise.all([ownRedis(), ownDatabase(), ownRabbit()]);
  for (const { pid } of [redis, database, rabbit]) pinFamily(pid);
  await migrateDatabase(database);
  await keepQueueShort(rabbit);
  const surroundings: Surroundings = {
    redisUrl: redis.url,
    databaseUrl: database.appUrl,
    amqpUrl: rabbit.relayUrl,
    ...(await devSecrets(join(dir, "keys"))),
  };
  const signer = createInternalTokenSigner({
    keys: fixedKeyRing(surroundings.internalTokenSecret),
    audience: "cartwright-cart",
    ttlSeconds: 86_400,
  });
  let started = 0;
  let cores: "apart" | "divided" | "shared" = "apart";
  let catalog: Running | undefined;

  async function product(
    name: ProcessName,
    settings: NodeJS.ProcessEnv = {},
    on: Partial<Surroundings> = {},
  ) {
    if (name === "cart") catalog ??= await product("catalog-stub", { CATALOG_SEED: CATALOG });
    const urls = {
      cart: settings.CART_URL ?? "",
      catalog: settings.CATALOG_URL ?? catalog?.url ?? "http://127.0.0.1:1",
    };
    const logFile = join(dir, `${name}-${++started}.log`);
    const env = { ...NO_LIMITS, ...settings };
    const running = await startProcess(name, { ...surroundings, ...on }, urls, env, logFile, PROFILING);
    onTeardown(() => running.kill("SIGTERM"));
    const besideTheLoad = name === "catalog-stub" || (cores === "divided" && name === "outbox-relay");
    if (cores !== "shared") pin(running.pid, besideTheLoad ? CPU_OF.load : CPU_OF.contender);
    return running;
  }

  return {
    dir,
    redis,
    database,
    rabbit,
    surroundings,
    product,
    contender: async (name, env, cpu = CPU_OF.contender) => {
      const port = await freePort();
      const logFile = join(dir, `${name}-${++started}.log`);
      const id = spawnLogged(process.execPath, [contenderFile(name)], {
        logFile,
        env: { PATH: process.env.PATH, ...env, PORT: String(port) },
        onSpawn: watch,
      });
      const url = `http://127.0.0.1:${port}`;
      await waitUntil(name, async () => void (await fetch(`${url}/ready`)), {
        timeoutMs: 20_000,
        process: id,
        logFile,
      });
      pin(id.pid, cpu);
      const stop = () => endProcess(id, "SIGKILL");
      onTeardown(stop);
      return { url, pid: id.pid, stop };
    },
    run: async (name, env) => {
      const command = [process.execPath, contenderFile(name)];
      const [file, ...args] = cores === "apart" ? pinned(CPU_OF.contender, command) : command;
      const { stdout } = await execute(file!, args, { env: { PATH: process.env.PATH, ...env } });
      return JSON.parse(stdout);
    },
    spread: () => {
      cores = "shared";
      for (const { pid } of [redis, database, rabbit]) eachOfFamily(pid, unpin);
    },
    divide: () => {
      cores = "divided";
      for (const { pid } of [redis, database]) eachOfFamily(pid, (each) => pin(each, CPU_OF.contender));
    },
    separate: () => {
      cores = "apart";
      for (const { pid } of [redis, database, rabbit]) pinFamily(pid);
    },
    identity: (owner, guest) => signer.sign({ ...identityOf(owner)!, ...(guest !== undefined && { guest }) }),
  };
}

/**
 * A queue that only grows slows the broker down, whoever
 * sends: it keeps a thousand messages and drops older ones.
 */
async function keepQueueShort(rabbit: RabbitServer): Promise<void> {
  const policy = {
    pattern: "^cart\\.events\\.demo$",
    "apply-to": "queues",
    definition: { "max-length": 1_000 },
  };
  await rabbit.manage("PUT", "policies/%2F/bench", policy);
}

function contenderFile(name: string): string {
  return fileURLToPath(new URL(`./contenders/${name}.ts`, import.meta.url));
}

/** Moves a server with everything it has forked to the core of the load; null is one that is not ours. */
export function pinFamily(pid: number | null): void {
  eachOfFamily(pid, (each) => pin(each, CPU_OF.load));
}

function eachOfFamily(pid: number | null, act: (pid: number) => void): void {
  if (pid === null) return;
  for (const each of [{ pid }, ...childrenOf(pid)]) act(each.pid);
}
