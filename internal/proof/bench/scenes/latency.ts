import { commitCost } from "../baselines.ts";
import { allPublished } from "../events.ts";
import type { Figure } from "../figure.ts";
import { type Buckets, bucketQuantile, bucketsOf, difference } from "../histogram.ts";
import { httpLoad, writeRequests } from "../http-load.ts";
import type { Profile } from "../profile.ts";
import { adds, ownerNumber } from "../shop.ts";
import type { Stage } from "../stage.ts";

const OWNERS = Array.from({ length: 2_000 }, (_, n) => ownerNumber(n));
const SENDS = 500;

/**
 * From the change to the broker's acceptance, through cart and relay, at half of what they can bear together.
 */
export async function latencyScene(stage: Stage, profile: Profile): Promise<Figure[]> {
  const { rounds, seconds, connections } = profile;
  stage.divide();
  const requestFile = writeRequests(stage.dir, "latency", await adds(stage, OWNERS, 5));
  const [cart, relay] = [await stage.product("cart"), await stage.product("outbox-relay")];
  const load = (pauseMs: number) => httpLoad({ url: cart.url, requestFile, connections, seconds, pauseMs });
  await load(0);
  await allPublished(stage);
  // What the chain bears to its end: the time in which the relay catches up counts.
  const began = performance.now();
  const { requests } = await load(0);
  await allPublished(stage);
  const peak = requests / ((performance.now() - began) / 1000);
  // As in a database that has run for a while: a segment of its
  // log that has yet to be made stops everybody for 60 ms.
  await stage.database.checkpoint();
  const pauseMs = Math.round((2_000 * connections) / peak);
  const [ours, baseline, rates]: [number[], number[], number[]] = [[], [], []];
  // One round more, which does not count, as everywhere.
  for (let round = -1; round < rounds; round++) {
    const commit = await commitCost(stage, 500);
    const env = { AMQP_URL: stage.rabbit.relayUrl, COUNT: String(SENDS), WINDOW: "1" };
    const send = (await stage.run("bare-sender", env)) as { p99: number };
    const before = await latencies(relay.adminUrl);
    const { perSecond } = await load(pauseMs);
    await allPublished(stage);
    const p99 = bucketQuantile(difference(await latencies(relay.adminUrl), before), 0.99) * 1000;
    if (round < 0) continue;
    baseline.push((commit.p99 + send.p99) / 1000);
    rates.push(perSecond);
    ours.push(p99);
  }
  await Promise.all([cart.kill("SIGTERM"), relay.kill("SIGTERM")]);
  return [
    {
      id: "latency",
      what: "occurred -> accepted, p99 at half of peak",
      against: "one commit's p99 + one bare send's p99",
      unit: "ms",
      bound: { most: 5 },
      ours,
      baseline,
      details: { peak, rates, connections },
    },
  ];
}

async function latencies(adminUrl: string): Promise<Buckets> {
  return bucketsOf(await metrics(adminUrl), "outbox_publish_latency_seconds");
}

async function metrics(adminUrl: string): Promise<string> {
  return (await fetch(`${adminUrl}/metrics`)).text();
}
