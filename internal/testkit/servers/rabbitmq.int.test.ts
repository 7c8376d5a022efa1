import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { eventually } from "../eventually.ts";
import { watch } from "../guard.ts";
import { type ProcessId, send } from "./child.ts";
import { portTaken } from "./free-port.ts";
import { type RabbitServer, startRabbit } from "./rabbitmq.ts";
import { onTeardown, ownRabbit, tempDir } from "./test-servers.ts";

describe("A RabbitMQ of ours", function () {
  this.timeout(120_000);
  let broker: RabbitServer;
  before(async () => {
    broker = await ownRabbit();
  });
  after(() => broker?.stop());

  it("starts with the topology: events that nobody asked for end in the queue of the unrouted", async () => {
    await publish("nobody.wants.this");
    await publish("cart.updated");
    await eventually("each is in its queue", async () => {
      return (
        (await take("cart.events.unrouted")).length === 1 && (await take("cart.events.demo")).length === 1
      );
    });
  });

  it("has a metric that says how many events nobody asked for", async () => {
    const waiting = async () => {
      const text = await (await fetch(broker.metricsUrl)).text();
      const sample = /^rabbitmq_detailed_queue_messages\{[^}]*queue="cart\.events\.unrouted"[^}]*\} (\d+)$/m;
      return Number(sample.exec(text)?.[1]);
    };
    await take("cart.events.unrouted");
    await eventually("it is empty", async () => (await waiting()) === 0, { timeoutMs: 30_000 });
    await publish("nobody.wants.this");
    await publish("nor.that");
    await eventually("it has filled", async () => (await waiting()) === 2, { timeoutMs: 30_000 });
  });

  it("keeps durable messages over kill -9 and a restart on the same port", async () => {
    await publish("cart.kept");
    const { pid, amqpPort } = broker;
    await broker.kill("SIGKILL");
    expect(await portTaken(amqpPort)).to.equal(false);
    await broker.start();
    expect([broker.amqpPort, broker.pid === pid]).to.deep.equal([amqpPort, false]);
    await eventually("the message is there", async () => {
      return (await take("cart.events.demo")).some(({ payload }) => payload === "cart.kept");
    });
  });

  it("writes down what was declared, where it is told to", async () => {
    const dir = tempDir("rabbitmq");
    const young = await startRabbit({ dir, onSpawn: watch });
    const routingKey = "cart.written-down";
    await young.manage("POST", "bindings/%2F/e/cart.events/q/cart.events.demo", { routing_key: routingKey });
    const tables = () =>
      globSync(join(dir, "mnesia/*/rabbit_durable_route.DC*")).map((file) => readFileSync(file, "latin1"));
    expect(tables().join("")).to.not.include(routingKey);
    await young.persist();
    expect(tables().join("")).to.include(routingKey);
    await young.stop();
    const failed = await young.persist().then(
      () => null,
      (error: Error) => error.message,
    );
    expect(failed).to.match(/rabbitmqctl/);
  });

  it("keeps nothing of a first start that was cut off, and starts anew", async () => {
    const dir = tempDir("rabbitmq");
    const left = join(dir, "mnesia/left");
    let launcher: ProcessId | undefined;
    const onSpawn = (process: ProcessId) => {
      watch(process);
      launcher ??= process;
    };
    const cutOff = startRabbit({ dir, onSpawn }).catch((error: Error) => error);
    await eventually("it has begun to write its data", () => existsSync(join(dir, "mnesia")));
    send(launcher!, "SIGKILL", "group");
    expect(await cutOff).to.be.instanceOf(Error);
    writeFileSync(left, "");

    const again = await startRabbit({ dir, onSpawn });
    expect(existsSync(left)).to.equal(false);
    await again.stop();
    writeFileSync(left, "");
    await (await startRabbit({ dir, onSpawn })).stop();
    expect(existsSync(left), "the data of a broker that was ready are kept").to.equal(true);
  });

  it("sees how full its disk is, and raises the alarm, also where its path has what a shell would read", async () => {
    const dir = tempDir("rabbitmq 'a & b'");
    const own = await startRabbit({ dir, onSpawn: watch });
    onTeardown(() => own.stop());
    const disk = async () => {
      const [node] = (await own.manage("GET", "nodes")) as {
        disk_free?: number;
        disk_free_alarm?: boolean;
      }[];
      return { free: node?.disk_free ?? 0, alarm: node?.disk_free_alarm };
    };
    const room = async () => (await disk()).free > 100_000_000;
    await eventually("it knows how much is free", room, { timeoutMs: 20_000 });
    expect((await disk()).alarm).to.equal(false);
    await own.kill("SIGTERM");
    const file = join(dir, "rabbitmq.conf");
    writeFileSync(file, readFileSync(file, "utf8").replace("absolute = 100MB", "absolute = 900000GB"));
    await own.start();
    await eventually("the alarm is raised", async () => (await disk()).alarm, { timeoutMs: 20_000 });
    await own.stop();
  });

  it("has no guest, a relay that only writes events, and a consumer that only reads them", async () => {
    const users = (await broker.manage("GET", "users")) as { name: string; tags: string[] }[];
    expect(users.map(({ name }) => name).sort()).to.deep.equal(["admin", "consumer", "relay"]);
    const permissions = (await broker.manage("GET", "permissions")) as Record<string, string>[];
    const rights = Object.fromEntries(
      permissions.map(({ user, configure, write, read }) => [user, [configure, write, read]]),
    );
    expect(rights.relay).to.deep.equal(["^$", "^cart\\.events$", "^$"]);
    expect(rights.consumer).to.deep.equal(["^$", "^$", "^cart\\.events(\\..*)?$"]);
  });

  it("listens on the loopback interface only", async () => {
    const { listeners } = (await broker.manage("GET", "overview")) as { listeners: { port: number }[] };
    const addresses = listeners.map(({ port }) => addressesOf(port).join());
    expect(addresses.length).to.be.at.least(3);
    expect(new Set(addresses)).to.deep.equal(new Set(["127.0.0.1"]));
  });

  const publish = (key: string) =>
    broker.manage("POST", "exchanges/%2F/cart.events/publish", {
      routing_key: key,
      properties: { delivery_mode: 2 },
      payload: key,
      payload_encoding: "string",
    });

  const seen = new Map<string, { payload: string }[]>();
  /** Everything that has been in the queue so far. */
  async function take(queue: string): Promise<{ payload: string }[]> {
    const got = (await broker.manage("POST", `queues/%2F/${queue}/get`, {
      count: 100,
      ackmode: "ack_requeue_false",
      encoding: "auto",
    })) as { payload: string }[];
    seen.set(queue, [...(seen.get(queue) ?? []), ...got]);
    return seen.get(queue)!;
  }
});

/**
 * Where something listens on the port, as the kernel says: the
 * broker itself calls some of its addresses "::".
 */
function addressesOf(port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return ["/proc/net/tcp", "/proc/net/tcp6"]
    .flatMap((table) => readFileSync(table, "utf8").split("\n"))
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) && state === "0A")
    .map(([, local]) => (local!.startsWith("0100007F:") ? "127.0.0.1" : local!));
}
