import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  endProcess,
  identify,
  NOT_STARTED,
  type ProcessId,
  send,
  spawnLogged,
  stillRuns,
  waitUntil,
} from "./child.ts";
import {
  brokerEnvironment,
  noteReady,
  prepareBroker,
  type RabbitTls,
  stopPortMapper,
} from "./rabbitmq-files.ts";
import { type RabbitRelease, rabbitRelease } from "./rabbitmq-release.ts";

const run = promisify(execFile);

/** A RabbitMQ of ours on 127.0.0.1, with the topology of rabbitmq-topology.json. */
export interface RabbitServer {
  readonly major: RabbitRelease["major"];
  /** As the administrator of this broker. */
  readonly amqpUrl: string;
  /** As the relay: may publish to the exchanges of the topology, nothing else. */
  readonly relayUrl: string;
  /** As a consumer: may read the queues, nothing else. */
  readonly consumerUrl: string;
  readonly managementUrl: string;
  /** Of Prometheus' plugin: each queue by itself, so that the one of unrouted events can be alarmed on. */
  readonly metricsUrl: string;
  readonly amqpPort: number;
  readonly pid: number;
  /** Sends the signal to the Erlang VM and resolves when it is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Resolves when what was declared outlives kill -9: of bindings that 3.10 had confirmed within half a
   * second of its first start, 3 of 34 were gone after one.
   */
  persist(): Promise<void>;
  /** Calls the management API; `path` such as `queues/%2F/name`. */
  manage(method: "GET" | "PUT" | "DELETE" | "POST", path: string, body?: unknown): Promise<unknown>;
}

/**
 * Starts Debian's broker without systemd; takes five to ten seconds. `onSpawn` hears of the launching
 * shell, and of the Erlang VM once that is known; its port mapper is stopped through stopPortMapper.
 */
export async function startRabbit(options: {
  dir: string;
  amqpPort?: number;
  managementPort?: number;
  /** Default: what RABBITMQ in the environment asks for. */
  release?: RabbitRelease;
  /**
   * Default: classic, also on RabbitMQ 4, because tests kill brokers right
   * after their first start: 4.0 forgets a quorum queue's member that was
   * declared less than three minutes before kill -9 ("name_not_registered").
   */
  queueType?: "classic" | "quorum";
  tls?: RabbitTls;
  onSpawn?: ((process: ProcessId) => void) | undefined;
}): Promise<RabbitServer> {
  const {
    dir,
    amqpPort,
    managementPort,
    release = rabbitRelease(),
    queueType = "classic",
    tls,
    onSpawn,
  } = options;
  const settings = await prepareBroker(dir, release.major, queueType, { amqpPort, managementPort, tls });
  const env = brokerEnvironment(dir, settings);
  let launcher: ProcessId = NOT_STARTED;
  let broker: ProcessId = NOT_STARTED;

  async function start(): Promise<void> {
    const logFile = join(dir, "rabbitmq.log");
    writeFileSync(env.RABBITMQ_PID_FILE, "");
    const [command, ...args] = release.command(dir);
    launcher = spawnLogged(command, args, { logFile, env, cwd: dir, onSpawn });
    broker = launcher;
    const ready = async () => {
      const pid = Number(readFileSync(env.RABBITMQ_PID_FILE, "utf8").trim());
      if (pid === 0 || !stillRuns(identify(pid))) throw new Error("no pid yet");
      if (broker.pid !== pid) {
        broker = identify(pid);
        onSpawn?.(broker);
      }
      await manage("GET", `health/checks/port-listener/${settings.amqp}`);
      await manage("GET", "exchanges/%2F/cart.events");
    };
    try {
      await waitUntil("rabbitmq-server", ready, { timeoutMs: 180_000, process: launcher, logFile });
    } catch (error) {
      await stopPortMapper(dir);
      throw error;
    }
    noteReady(dir);
  }

  const manage: RabbitServer["manage"] = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${settings.management}/api/${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`admin:${settings.passwords.admin}`).toString("base64")}`,
        "content-type": "application/json",
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(5_000),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`RabbitMQ management answered ${answer.status}: ${text.slice(0, 300)}`);
    return text === "" ? null : JSON.parse(text);
  };

  /** Takes two seconds, most of them for the start of Erlang. */
  const persist = async () => {
    const [command, ...args] = release.command(dir, "rabbitmqctl");
    await run(command, [...args, "eval", "dumped = mnesia:dump_log()."], { env, cwd: dir, timeout: 60_000 });
  };

  const end = async (signal: NodeJS.Signals, deadlineMs: number) => {
    await endProcess(broker, signal, deadlineMs);
    await endProcess(launcher, "SIGCONT", 5_000); // ends by itself
  };

  await start();
  const url = (user: "admin" | "relay" | "consumer") =>
    `amqp://${user}:${settings.passwords[user]}@127.0.0.1:${settings.amqp}`;
  return {
    major: release.major,
    amqpUrl: url("admin"),
    relayUrl: url("relay"),
    consumerUrl: url("consumer"),
    managementUrl: `http://127.0.0.1:${settings.management}`,
    metricsUrl: `http://127.0.0.1:${settings.metrics}/metrics/detailed?family=queue_coarse_metrics`,
    amqpPort: settings.amqp,
    get pid() {
      return broker.pid;
    },
    kill: (signal) => end(signal, 60_000),
    signal: (signal) => send(broker, signal),
    start,
    stop: async () => {
      send(broker, "SIGCONT");
      await end("SIGTERM", 30_000);
      await stopPortMapper(dir);
    },
    persist,
    manage,
  };
}
