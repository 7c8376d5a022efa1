import { costByPart, microsecondsEach } from "../cpu.ts";
import { type Figure, takeTurns } from "../figure.ts";
import {
  addsThroughGateway,
  CONNECTIONS,
  COUNTED_LIMITS,
  type CostedLoad,
  costedLoad,
  openFullPath,
  shopperTokens,
} from "../full-path.ts";
import { writeRequests } from "../http-load.ts";
import type { Profile } from "../profile.ts";
import type { Stage } from "../stage.ts";

const SHOPPERS = 500;

/**
 * What an add costs two replicas of the cart, beside one alone: two gateways before the same carts, one knows
 * both, the other the first. If a gateway spread a shard's changes over both replicas, each would find events
 * of the other before its own, which it has to read from Redis to forward them in order.
 */
export async function replicasScene(stage: Stage, profile: Profile): Promise<Figure[]> {
  const { rounds, seconds, warmUpSeconds } = profile;
  const tokens = await shopperTokens(stage, SHOPPERS);
  const requestFile = writeRequests(stage.dir, "replicas", addsThroughGateway(tokens, 5));
  stage.spread();
  const both = await openFullPath(stage, { replicas: 2 });
  const first = both.carts[0]!;
  const lone = await stage.product("gateway", { ...COUNTED_LIMITS, CART_URL: first.url });
  const parts = { ...both.parts, gateway: [lone.pid], cart: [first.pid] };
  const withTwo = (s: number, connections = CONNECTIONS) =>
    costedLoad(stage, both.parts, { url: both.url, requestFile, seconds: s, connections });
  const withOne = (s: number) => costedLoad(stage, parts, { url: lone.url, requestFile, seconds: s });
  await withTwo(warmUpSeconds);
  await withOne(warmUpSeconds);
  const turns = await takeTurns(rounds, [
    () => withTwo(seconds),
    () => withOne(seconds),
    () => withTwo(seconds, 2 * CONNECTIONS),
  ]);
  const [a, b, c] = turns as [CostedLoad[], CostedLoad[], CostedLoad[]];
  await lone.kill("SIGTERM");
  await both.stop();
  return [
    {
      id: "two-replicas",
      what: "two replicas of the cart, CPU of an add",
      against: "one",
      unit: "us",
      bound: { most: 1.1 },
      note: `with two, ${costByPart(a)}; with one, ${costByPart(b)}`,
      ours: a.map((round) => microsecondsEach(round, ["cart"])),
      baseline: b.map((round) => microsecondsEach(round, ["cart"])),
      details: { connections: CONNECTIONS, seconds, users: SHOPPERS, two: a, one: b },
    },
    {
      id: "two-replicas-each-loaded",
      what: "the same, each replica with the load of the one",
      against: "one",
      unit: "us",
      bound: null,
      note: `informs: ${costByPart(c)}`,
      ours: c.map((round) => microsecondsEach(round, ["cart"])),
      baseline: b.map((round) => microsecondsEach(round, ["cart"])),
      details: { connections: 2 * CONNECTIONS, seconds, users: SHOPPERS, two: c, one: b },
    },
  ];
}
