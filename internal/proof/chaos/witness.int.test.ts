import { randomUUID } from "node:crypto";
import { eventually } from "../../testkit/eventually.ts";
import { testRabbit } from "../../testkit/servers/test-servers.ts";
import { openGate } from "../../testkit/tcp-gate.ts";
import { openWitness } from "./witness.ts";

describe("The witness of a chaos run", function () {
  this.timeout(60_000);

  it("replaces a connection that is well and brings nothing, and gets what comes later", async () => {
    const rabbit = await testRabbit();
    const queue = `cart.events.test-${randomUUID()}`;
    await rabbit.manage("PUT", `queues/%2F/${queue}`, { durable: true });
    let begun = 0;
    const gate = await openGate({ host: "127.0.0.1", port: rabbit.amqpPort }, (from, packet) => {
      if (from === "server" && packet.toString("latin1", 0, 4) === "AMQP") begun++;
    });
    const url = new URL(rabbit.consumerUrl);
    url.port = String(gate.port);
    const witness = await openWitness(url.href, queue, 500);
    const publish = (id: string) =>
      rabbit.manage("POST", "exchanges/%2F/amq.default/publish", {
        properties: { message_id: id },
        routing_key: queue,
        payload: "{}",
        payload_encoding: "string",
      });
    const arrived = (id: string) =>
      eventually(`the ${id} event is told`, () => witness.arrivals.some((each) => each.id === id));
    await publish("first");
    await arrived("first");
    const before = begun;
    await eventually("other connections are begun", () => begun > before + 2);
    await publish("second");
    await arrived("second");
    witness.close();
    await gate.close();
    await rabbit.manage("DELETE", `queues/%2F/${queue}`);
  });
});
