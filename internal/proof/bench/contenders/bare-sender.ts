import rhea from "rhea";
import { addressVersionOf, exchangeTarget, messageAddress } from "../../../platform/amqp/address.ts";
import { parseAmqpUrl } from "../../../platform/amqp/amqp-url.ts";
import { openSocket } from "../../../platform/amqp/socket.ts";
import { cartEvents } from "../events.ts";
import { quantile } from "../figure.ts";

/*
 * rhea by itself, as fast as it goes without a database: the same messages as the
 * relay's, the same number in flight, durable, each awaited, writes corked. Prints
 * {"perSecond", "p99"}: the 99th percentile from sending to acceptance, us.
 */

const count = Number(process.env.COUNT);
const window = Number(process.env.WINDOW);
const address = parseAmqpUrl(process.env.AMQP_URL!);
const { hosts, username, password } = address;
const node = hosts[0]!;
const messages = cartEvents(count);
const connection = rhea.create_connection({
  ...node,
  username,
  password,
  reconnect: false,
  connection_details: () => ({
    ...node,
    connect: (_port: number, _host: string, _options: unknown, connected: () => void) =>
      openSocket(node, address, connected),
  }),
});
connection.on("connection_open", () => {
  const version = addressVersionOf(connection.properties);
  const sender = connection.open_sender({ target: exchangeTarget(version, "cart.events") ?? {} });
  let [sent, answered, began] = [0, 0, 0];
  const sentAt: number[] = [];
  const took: number[] = [];
  function sendMore(): void {
    while (sent < count && sent - answered < window && sender.sendable()) {
      if (sent++ === 0) began = performance.now();
      sentAt.push(performance.now());
      const event = messages.next().value!;
      sender.send({
        durable: true,
        message_id: event.id,
        ...(version === "v2" && { to: messageAddress("cart.events", event.type) }),
        subject: event.type,
        content_type: "application/json",
        creation_time: new Date(event.occurredAt),
        application_properties: {
          "cloudEvents:specversion": "1.0",
          "cloudEvents:id": event.id,
          "cloudEvents:type": event.type,
          "cloudEvents:source": "/cartwright/cart",
          "cloudEvents:subject": event.subject,
          "cloudEvents:time": new Date(event.occurredAt).toISOString(),
          "cloudEvents:traceparent": event.traceparent,
          "cloudEvents:cartversion": rhea.types.wrap_long(event.sequence),
        },
        body: rhea.message.data_section(Buffer.from(event.data)),
      });
    }
  }
  sender.on("sendable", sendMore);
  sender.on("accepted", () => {
    took.push((performance.now() - sentAt[answered]!) * 1000);
    if (++answered === count) {
      const perSecond = count / ((performance.now() - began) / 1000);
      console.log(JSON.stringify({ perSecond, p99: quantile(took, 0.99) }));
      process.exit(0);
    }
    sendMore();
  });
  for (const failure of ["rejected", "released"]) sender.on(failure, () => process.exit(1));
});
connection.connect();
