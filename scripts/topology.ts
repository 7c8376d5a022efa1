import { parseAmqpUrl } from "../internal/platform/amqp/amqp-url.ts";
import { outliveBrokenPipe } from "../internal/platform/lifecycle/broken-pipe.ts";
import { fail, step } from "../internal/testkit/local/steps.ts";
import { managementOf, setUpTopology } from "../internal/testkit/servers/topology.ts";

/* `make topology AMQP_URL=...`: exchanges, queues and bindings on a broker of yours; as often as you like. */

outliveBrokenPipe();
const given = process.env.AMQP_URL;
if (!given)
  fail("Say where: make topology AMQP_URL=amqp://user:password@host (MANAGEMENT_URL=http://host:15672)");
try {
  const management = managementOf(parseAmqpUrl(given), process.env.MANAGEMENT_URL);
  const { version, queueType } = await step(`set up the topology at ${management.url}`, () =>
    setUpTopology(management),
  );
  console.log(`    exchange cart.events and its queues are there (RabbitMQ ${version}, ${queueType} queues)`);
} catch (error) {
  fail(error);
}
