import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { alive, endProcess, send, spawnLogged, waitUntil } from "./child.ts";
import { freePort } from "./free-port.ts";

const run = promisify(execFile);
const BIN = "/usr/lib/rabbitmq/bin";

/** A RabbitMQ of ours on 127.0.0.1, with the topology of rabbitmq-topology.json. */
export interface RabbitServer {
  /** As the administrator of this broker. */
  readonly amqpUrl: string;
  /** As the relay: may publish to the exchanges of the topology, nothing else. */
  readonly relayUrl: string;
  /** As a consumer: may read the queues, nothing else. */
  readonly consumerUrl: string;
  readonly managementUrl: string;
  readonly amqpPort: number;
  readonly pid: number;
  /** Sends the signal to the Erlang VM and resolves when it is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Calls the management API; `path` such as `queues/%2F/name`. */
  manage(method: "GET" | "PUT" | "DELETE" | "POST", path: string, body?: unknown): Promise<unknown>;
}

interface Settings {
  readonly amqp: number;
  readonly management: number;
  readonly metrics: number;
  readonly distribution: number;
  readonly epmd: number;
  readonly passwords: { readonly admin: string; readonly relay: string; readonly consumer: string };
}

/** Starts Debian's broker without systemd, as ../shared/AMQP.md found out; takes five to ten seconds. */
export async function startRabbit(options: { dir: string; amqpPort?: number }): Promise<RabbitServer> {
  const { dir } = options;
  if (!existsSync(join(BIN, "rabbitmq-server"))) {
    throw new Error("RabbitMQ is not installed: apt-get install rabbitmq-server");
  }
  const settings = await prepare(dir, options.amqpPort);
  const env = environment(dir, settings);
  let pid = 0;

  async function start(): Promise<void> {
    const logFile = join(dir, "rabbitmq.log");
    const pidFile = env.RABBITMQ_PID_FILE!;
    writeFileSync(pidFile, "");
    const launcher = spawnLogged(join(BIN, "rabbitmq-server"), [], { logFile, env, cwd: dir });
    await waitUntil(
      "rabbitmq-server",
      async () => {
        pid = Number(readFileSync(pidFile, "utf8").trim());
        if (!(pid > 0 && alive(pid))) throw new Error("no pid yet");
        await manage("GET", `health/checks/port-listener/${settings.amqp}`);
        await manage("GET", "exchanges/%2F/cart.events");
      },
      { timeoutMs: 90_000, pid: launcher.pid, logFile },
    );
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

  await start();
  const url = (user: "admin" | "relay" | "consumer") =>
    `amqp://${user}:${settings.passwords[user]}@127.0.0.1:${settings.amqp}`;
  return {
    amqpUrl: url("admin"),
    relayUrl: url("relay"),
    consumerUrl: url("consumer"),
    managementUrl: `http://127.0.0.1:${settings.management}`,
    amqpPort: settings.amqp,
    get pid() {
      return pid;
    },
    kill: (signal) => endProcess(pid, signal, 60_000),
    signal: (signal) => send(pid, signal),
    start,
    stop: async () => {
      send(pid, "SIGCONT");
      await endProcess(pid, "SIGTERM", 30_000);
      await stopPortMapper(dir);
    },
    manage,
  };
}

async function prepare(dir: string, amqpPort: number | undefined): Promise<Settings> {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, "settings.json");
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Settings;
  const word = () => randomBytes(18).toString("hex");
  const settings: Settings = {
    amqp: amqpPort ?? (await freePort()),
    management: await freePort(),
    metrics: await freePort(),
    distribution: await freePort(),
    epmd: await freePort(),
    passwords: { admin: word(), relay: word(), consumer: word() },
  };
  writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
  const topology = JSON.parse(
    readFileSync(new URL("./rabbitmq-topology.json", import.meta.url), "utf8"),
  ) as object;
  writeFileSync(join(dir, "definitions.json"), JSON.stringify({ ...topology, ...users(settings) }), {
    mode: 0o600,
  });
  writeFileSync(
    join(dir, "rabbitmq.conf"),
    [
      `listeners.tcp.default = 127.0.0.1:${settings.amqp}`,
      "management.tcp.ip = 127.0.0.1",
      `management.tcp.port = ${settings.management}`,
      "prometheus.tcp.ip = 127.0.0.1",
      `prometheus.tcp.port = ${settings.metrics}`,
      `load_definitions = ${join(dir, "definitions.json")}`,
      "log.console = true",
      "log.console.level = warning",
      "log.file = false",
      "disk_free_limit.absolute = 100MB",
      "",
    ].join("\n"),
  );
  writeFileSync(
    join(dir, "enabled_plugins"),
    "[rabbitmq_amqp1_0,rabbitmq_management,rabbitmq_prometheus].\n",
  );
  return settings;
}

/** Least privilege: the relay may only write to our exchanges, a consumer only read our queues. */
function users({ passwords }: Settings) {
  const user = (name: keyof Settings["passwords"], tags: string) => ({
    name,
    password: passwords[name],
    tags,
  });
  const ours = "^cart\\.events(\\..*)?$";
  const may = (name: string, configure: string, write: string, read: string) => ({
    user: name,
    vhost: "/",
    configure,
    write,
    read,
  });
  return {
    users: [user("admin", "administrator"), user("relay", ""), user("consumer", "")],
    permissions: [
      may("admin", ".*", ".*", ".*"),
      may("relay", "^$", "^cart\\.events$", "^$"),
      may("consumer", "^$", "^$", ours),
    ],
  };
}

function environment(dir: string, settings: Settings): NodeJS.ProcessEnv {
  const { PATH, LANG } = process.env;
  return {
    PATH,
    LANG: LANG ?? "C.UTF-8",
    HOME: dir,
    RABBITMQ_CONF_ENV_FILE: "/dev/null",
    RABBITMQ_NODENAME: `cartwright-${settings.amqp}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: String(settings.amqp),
    RABBITMQ_DIST_PORT: String(settings.distribution),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
    RABBITMQ_MNESIA_BASE: join(dir, "mnesia"),
    RABBITMQ_LOG_BASE: dir,
    RABBITMQ_CONFIG_FILE: join(dir, "rabbitmq.conf"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, "enabled_plugins"),
    RABBITMQ_PID_FILE: join(dir, "rabbitmq.pid"),
    ERL_EPMD_PORT: String(settings.epmd),
    ERL_EPMD_ADDRESS: "127.0.0.1",
  };
}

/** Stops the Erlang port mapper of the broker whose directory this is: it outlives the broker. */
export async function stopPortMapper(dir: string): Promise<void> {
  const file = join(dir, "settings.json");
  if (!existsSync(file)) return;
  const env = environment(dir, JSON.parse(readFileSync(file, "utf8")) as Settings);
  await run("epmd", ["-port", env.ERL_EPMD_PORT!, "-kill"], { env }).catch(
    (error: Error & { stdout?: string }) => {
      if (!/Cannot connect|local epmd/i.test(`${error.message}${error.stdout}`)) throw error;
    },
  );
}
