import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { RabbitServer } from "../internal/testkit/servers/rabbitmq.ts";
import { testRabbit } from "../internal/testkit/servers/test-servers.ts";

describe("make topology", function () {
  this.timeout(120_000);
  let rabbit: RabbitServer;
  before(async () => {
    rabbit = await testRabbit();
    await rabbit.manage("PUT", "vhosts/shop", {});
    await rabbit.manage("PUT", "permissions/shop/admin", { configure: ".*", write: ".*", read: ".*" });
  });
  after(() => rabbit?.manage("DELETE", "vhosts/shop"));

  const run = (env: NodeJS.ProcessEnv): Promise<{ code: number; output: string }> =>
    new Promise((resolve) => {
      const script = fileURLToPath(new URL("./topology.ts", import.meta.url));
      const all = { PATH: process.env.PATH, MANAGEMENT_URL: rabbit.managementUrl, ...env };
      execFile(process.execPath, [script], { env: all }, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr });
      });
    });

  it("makes exchanges, queues and bindings on a broker that has none, and may be repeated", async () => {
    const type = rabbit.major === 4 ? "quorum" : "classic";
    for (const time of ["first", "second"]) {
      const { code, output } = await run({ AMQP_URL: `${rabbit.amqpUrl}/shop` });
      expect([code, time], output).to.deep.equal([0, time]);
      expect(output).to.contain(`${type} queues`);
    }
    const queues = (await rabbit.manage("GET", "queues/shop")) as { name: string; arguments: object }[];
    expect(queues.map(({ name }) => name).sort()).to.deep.equal(["cart.events.demo", "cart.events.unrouted"]);
    for (const queue of queues) expect(queue.arguments).to.include({ "x-queue-type": type });
    for (const [key, routed] of [
      ["cart.updated", "cart.events.demo"],
      ["order.placed", "cart.events.demo"],
      ["nobody.asked", "cart.events.unrouted"],
    ] as const) {
      const payload = { routing_key: key, properties: {}, payload: key, payload_encoding: "string" };
      await rabbit.manage("POST", "exchanges/shop/cart.events/publish", payload);
      const got = await rabbit.manage("POST", `queues/shop/${routed}/get`, {
        count: 10,
        ackmode: "ack_requeue_false",
        encoding: "auto",
      });
      expect((got as { payload: string }[]).map((each) => each.payload)).to.deep.equal([key]);
    }
  });

  for (const [what, env, fault] of [
    ["no broker", () => ({}), /Say where: make topology AMQP_URL=/],
    ["a URL that is none", () => ({ AMQP_URL: "amqp://nobody" }), /needs user and password/],
    ["a user without rights", () => ({ AMQP_URL: rabbit.relayUrl }), /needs the tag management/],
    ["a virtual host that is not there", () => ({ AMQP_URL: `${rabbit.amqpUrl}/nowhere` }), /create it/],
    [
      "no management API",
      () => ({ AMQP_URL: rabbit.amqpUrl, MANAGEMENT_URL: "http://127.0.0.1:1" }),
      /enable the plugin rabbitmq_management, or say where it is with MANAGEMENT_URL/,
    ],
  ] as const)
    it(`says what to do about ${what}`, async () => {
      const { code, output } = await run(env());
      expect(code).to.equal(1);
      expect(output).to.match(fault).and.to.not.contain("    at ");
    });

  it("leaves a queue with other settings alone, and names it", async () => {
    await rabbit.manage("DELETE", "queues/shop/cart.events.unrouted");
    await rabbit.manage("PUT", "queues/shop/cart.events.unrouted", {
      durable: true,
      arguments: { "x-max-length": 7 },
    });
    const { code, output } = await run({ AMQP_URL: `${rabbit.amqpUrl}/shop` });
    expect(code).to.equal(1);
    expect(output).to.contain("queues/shop/cart.events.unrouted exists with other settings");
  });
});
