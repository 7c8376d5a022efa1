import { costByPart, microsecondsEach } from "../cpu.ts";
import { alternate, type Figure } from "../figure.ts";
import { addsThroughGateway, CONNECTIONS, costedLoad, openFullPath, shopperTokens } from "../full-path.ts";
import { httpLoad, writeRequests } from "../http-load.ts";
import type { Profile } from "../profile.ts";
import { adds, numberedOwners } from "../shop.ts";
import type { Stage } from "../stage.ts";

const SHOPPERS = 500;
const GATEWAY_GOAL_US = 110;

/**
 * An add as a shopper meets it, on all cores: gateway, cart, Redis, database, and its event at the broker.
 * The baseline is the cart that everybody writes first, which has no gateway and no event.
 */
export async function pathScene(stage: Stage, profile: Profile): Promise<Figure[]> {
  const { rounds, seconds, warmUpSeconds } = profile;
  const tokens = await shopperTokens(stage, SHOPPERS);
  const addFile = writeRequests(stage.dir, "path", addsThroughGateway(tokens, 5));
  const bareFile = writeRequests(
    stage.dir,
    "path-bare",
    await adds(stage, [...numberedOwners(SHOPPERS, 1)], 5),
  );
  stage.spread();
  const path = await openFullPath(stage);
  const bare = await stage.contender("bare-cart", { REDIS_URL: stage.redis.url });
  const ours = (s: number) =>
    costedLoad(stage, path.parts, { url: path.url, requestFile: addFile, seconds: s });
  await ours(warmUpSeconds);
  const { a, b } = await alternate(
    rounds,
    () => ours(seconds),
    () => httpLoad({ url: bare.url, requestFile: bareFile, connections: CONNECTIONS, seconds }),
  );
  await Promise.all([path.stop(), bare.stop()]);
  const details = { connections: CONNECTIONS, seconds, users: SHOPPERS, lines: 5, rounds: a };
  return [
    {
      id: "path",
      what: "add through the gateway, throughput",
      against: "bare Express, no gateway, no event",
      unit: "requests/s",
      bound: null,
      note: `informs; ${costByPart(a)}`,
      ours: a.map(({ perSecond }) => perSecond),
      baseline: b.map(({ perSecond }) => perSecond),
      details,
    },
    {
      id: "path-gateway-cpu",
      what: "gateway, CPU of an add",
      against: `the goal of ${GATEWAY_GOAL_US} us`,
      unit: "us",
      bound: null,
      note: "informs: an absolute number, which depends on the machine and on what else runs there",
      ours: a.map((round) => microsecondsEach(round, ["gateway"])),
      baseline: a.map(() => GATEWAY_GOAL_US),
      details,
    },
  ];
}
