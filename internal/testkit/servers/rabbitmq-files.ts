import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { portNear } from "./free-port.ts";
import { type QueueType, topology } from "./topology.ts";

const run = promisify(execFile);

/**
 * What a broker of ours keeps from one start to the next: its name, its ports and the passwords of its users.
 */
export interface Settings {
  /** Its data belong to this name. */
  readonly node: string;
  readonly amqp: number;
  readonly management: number;
  readonly metrics: number;
  readonly distribution: number;
  readonly epmd: number;
  readonly passwords: { readonly admin: string; readonly relay: string; readonly consumer: string };
}

/** A further port, over TLS. */
export interface RabbitTls {
  readonly port: number;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * Writes the files of the broker in `dir` as it is to start now, with the topology of today; a
 * port that somebody else has taken meanwhile is replaced. Name and passwords stay.
 */
export async function prepareBroker(
  dir: string,
  major: 3 | 4,
  queueType: QueueType,
  wanted: {
    amqpPort?: number | undefined;
    managementPort?: number | undefined;
    tls?: RabbitTls | undefined;
  },
): Promise<Settings> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  await stopPortMapper(dir);
  forgetFirstStart(dir);
  const before = settingsOf(dir);
  const port = (...ports: (number | undefined)[]) => portNear(...ports.filter((each) => each !== undefined));
  const amqp = wanted.amqpPort ?? (await port(before?.amqp));
  const word = () => randomBytes(18).toString("hex");
  const settings: Settings = {
    node: before?.node ?? `cartwright-${before?.amqp ?? amqp}@localhost`,
    amqp,
    management: await port(before?.management, wanted.managementPort),
    metrics: await port(before?.metrics),
    distribution: await port(before?.distribution),
    epmd: await port(before?.epmd),
    passwords: before?.passwords ?? { admin: word(), relay: word(), consumer: word() },
  };
  const secret = { mode: 0o600 };
  writeFileSync(join(dir, "settings.json"), JSON.stringify(settings), secret);
  writeFileSync(
    join(dir, "definitions.json"),
    JSON.stringify({ ...topology(queueType), ...users(settings) }),
    secret,
  );
  writeFileSync(join(dir, "rabbitmq.conf"), configuration(dir, major, settings, wanted.tls));
  const plugins = "[rabbitmq_amqp1_0,rabbitmq_management,rabbitmq_prometheus].\n";
  writeFileSync(join(dir, "enabled_plugins"), plugins);
  return settings;
}

/**
 * Removes the data of a first start that never got ready. They hold nothing yet, and RabbitMQ 4 may never
 * start on them again: its metadata store then waits for a leader that nobody elects.
 */
function forgetFirstStart(dir: string): void {
  const data = dataOf(dir);
  if (existsSync(firstStartOf(dir))) rmSync(data, { recursive: true, force: true });
  if (!existsSync(data)) writeFileSync(firstStartOf(dir), "");
}

/** Notes that the broker of `dir` got ready: from now on its data are kept. */
export function noteReady(dir: string): void {
  rmSync(firstStartOf(dir), { force: true });
}

const DATA = "mnesia";
const dataOf = (dir: string) => join(dir, DATA);
/** Lies there from before the first start until the broker is ready. */
const firstStartOf = (dir: string) => join(dir, "first-start");

function settingsOf(dir: string): Settings | undefined {
  const file = join(dir, "settings.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Settings) : undefined;
}

/**
 * Least privilege: the relay may only write to our exchange, a
 * consumer only read our queues. There is no guest.
 */
function users({ passwords }: Settings) {
  const user = (name: keyof Settings["passwords"], tags: string) => ({
    name,
    password: passwords[name],
    tags,
  });
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
      may("consumer", "^$", "^$", "^cart\\.events(\\..*)?$"),
    ],
  };
}

function configuration(dir: string, major: 3 | 4, settings: Settings, tls?: RabbitTls): string {
  return [
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
    ...(tls
      ? [
          `listeners.ssl.default = 127.0.0.1:${tls.port}`,
          `ssl_options.cacertfile = ${tls.caFile}`,
          `ssl_options.certfile = ${tls.certFile}`,
          `ssl_options.keyfile = ${tls.keyFile}`,
          "ssl_options.verify = verify_none",
        ]
      : []),
    // RabbitMQ 4 takes who sends no password for the user guest, unless told otherwise.
    ...(major === 4 ? ["anonymous_login_user = none"] : []),
    "",
  ].join("\n");
}

/** The environment in which the broker of `dir` runs, from that folder: nothing of it comes from /etc. */
export function brokerEnvironment(
  dir: string,
  settings: Settings,
): NodeJS.ProcessEnv & { RABBITMQ_PID_FILE: string } {
  const { PATH, LANG } = process.env;
  return {
    PATH,
    LANG: LANG ?? "C.UTF-8",
    HOME: dir,
    RABBITMQ_CONF_ENV_FILE: "/dev/null",
    RABBITMQ_NODENAME: settings.node,
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: String(settings.amqp),
    RABBITMQ_DIST_PORT: String(settings.distribution),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
    // 3.10 asks a shell for the disk's free space, and its alarm fails where the path has a space in it.
    RABBITMQ_MNESIA_BASE: `/proc/self/cwd/${DATA}`,
    RABBITMQ_LOG_BASE: dir,
    RABBITMQ_CONFIG_FILE: join(dir, "rabbitmq.conf"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, "enabled_plugins"),
    RABBITMQ_PID_FILE: join(dir, "rabbitmq.pid"),
    ERL_EPMD_PORT: String(settings.epmd),
    ERL_EPMD_ADDRESS: "127.0.0.1",
  };
}

/**
 * Stops the Erlang port mapper of the broker whose directory this is: it outlives
 * the broker. One that still serves a living broker refuses, and stays.
 */
export async function stopPortMapper(dir: string): Promise<void> {
  const settings = settingsOf(dir);
  if (!settings) return;
  const { PATH } = process.env;
  const env = { PATH, ERL_EPMD_ADDRESS: "127.0.0.1" };
  await run("epmd", ["-port", String(settings.epmd), "-kill"], { env }).catch(
    (error: Error & { stdout?: string }) => {
      if (!/Cannot connect|local epmd|living nodes/i.test(`${error.message}${error.stdout}`)) throw error;
    },
  );
}
