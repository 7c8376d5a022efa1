import { costByPart, microsecondsEach, withCpu } from "../cpu.ts";
import { type Figure, takeTurns } from "../figure.ts";
import { CONNECTIONS, type CostedLoad } from "../full-path.ts";
import { httpLoad, writeRequests } from "../http-load.ts";
import type { Profile } from "../profile.ts";
import { type AtOnce, addAtOnce, isExact, toldOf } from "../shops/at-once.ts";
import { openCartwright } from "../shops/cartwright.ts";
import { openMedusa } from "../shops/medusa.ts";
import type { OpenCart, Shop } from "../shops/shop.ts";
import { openVendure } from "../shops/vendure.ts";
import type { Stage } from "../stage.ts";

/** More than connections: none has two requests under way in one cart. */
const SHOPPERS = 64;
/** At 32 connections the slowest peer needs seconds for an answer, and wrk counts whole answers. */
const LEAST_SECONDS = 10;
/** Ratios of 10 and 100 need no more. */
const MOST_ROUNDS = 3;
const AT_ONCE = 100;
const ROUNDS_AT_ONCE = 20;

/**
 * The whole platform beside shops whose cart is one of their parts, each in production mode on the same core,
 * with the same servers: adds of many shoppers, and many adds to one cart at once.
 */
export async function peersScene(stage: Stage, profile: Profile): Promise<Figure[]> {
  if (stage.database.dialect !== "postgres") return [];
  const ours = await openCartwright(stage);
  const peers = await openPeers(stage);
  const shops = [ours, ...peers];
  try {
    return [...(await addFigures(stage, profile, shops)), ...(await atOnceFigures(shops))];
  } finally {
    for (const shop of shops) await shop.stop();
  }
}

/** The peers that can be had here; of another is said why it is missing. */
async function openPeers(stage: Stage): Promise<Shop[]> {
  const peers: Shop[] = [];
  for (const [name, open] of Object.entries({ vendure: openVendure, medusa: openMedusa })) {
    try {
      peers.push(await open(stage));
    } catch (error) {
      console.log(`  - ${name} is not measured: ${(error as Error).message}`);
    }
  }
  return peers;
}

async function addFigures(stage: Stage, profile: Profile, shops: readonly Shop[]): Promise<Figure[]> {
  const rounds = Math.min(profile.rounds, MOST_ROUNDS);
  const seconds = Math.max(profile.seconds, LEAST_SECONDS);
  const prepared: Prepared[] = [];
  for (const shop of shops) prepared.push(await prepare(stage, shop));
  for (const { load } of prepared) await load(Math.max(profile.warmUpSeconds, LEAST_SECONDS));
  const turns = await takeTurns(
    rounds,
    prepared.map(
      ({ load }) =>
        () =>
          load(seconds),
    ),
  );
  for (const { check } of prepared) await check();
  const [ours, ...peers] = turns as [CostedLoad[], ...CostedLoad[][]];
  return peers.flatMap((theirs, n): Figure[] => {
    const peer = shops[n + 1]!;
    const id = idOf(peer);
    const details = { connections: CONNECTIONS, seconds, shoppers: SHOPPERS, ours, theirs };
    return [
      {
        id: `peers-${id}`,
        what: "add to cart over HTTP, throughput",
        against: peer.name,
        unit: "requests/s",
        bound: null,
        note: "informs: a peer's cart is a part of a shop, which does more at an add",
        ours: ours.map(({ perSecond }) => perSecond),
        baseline: theirs.map(({ perSecond }) => perSecond),
        details,
      },
      {
        id: `peers-${id}-cpu`,
        what: "add to cart over HTTP, CPU of all",
        against: peer.name,
        unit: "us",
        bound: null,
        note: `ours, ${costByPart(ours)}; ${peer.name}, ${costByPart(theirs)}`,
        ours: ours.map((round) => microsecondsEach(round)),
        baseline: theirs.map((round) => microsecondsEach(round)),
        details,
      },
    ];
  });
}

interface Prepared {
  load(seconds: number): Promise<CostedLoad>;
  /** Rejects when fewer pieces than answered adds are in the carts: a shop may say 200 of what has failed. */
  check(): Promise<void>;
}

/** Opens the carts of a shop's shoppers; the load adds to each in turn. */
async function prepare(stage: Stage, shop: Shop): Promise<Prepared> {
  const carts: OpenCart[] = [];
  while (carts.length < SHOPPERS) carts.push(await shop.openCart());
  const adds = carts.map(({ add }) => add);
  const requestFile = writeRequests(stage.dir, `peers-${idOf(shop)}`, adds);
  let pieces = carts.length;
  return {
    load: async (seconds) => {
      const { result, cpu } = await withCpu(shop.parts, async () => {
        const load = { url: shop.url, requestFile, connections: CONNECTIONS, seconds };
        const loaded = await httpLoad({ ...load, timeoutSeconds: 60 });
        await shop.settled();
        return loaded;
      });
      pieces += result.requests;
      return { requests: result.requests, perSecond: result.perSecond, cpu };
    },
    check: async () => {
      let held = 0;
      for (const cart of carts) held += await cart.held();
      if (held < pieces) throw new Error(`${shop.name} accepted ${pieces} pieces, and holds ${held}`);
    },
  };
}

function idOf(shop: Shop): string {
  return shop.name.split(" ")[0]!.toLowerCase();
}

async function atOnceFigures(shops: readonly Shop[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const shop of shops) {
    const rounds: AtOnce[] = [];
    while (rounds.length < ROUNDS_AT_ONCE) rounds.push(await addAtOnce(shop, AT_ONCE));
    figures.push({
      id: `peers-at-once-${idOf(shop)}`,
      what: `${AT_ONCE} adds at once to one cart, exact`,
      against: `rounds of ${shop.name}`,
      unit: "rounds",
      bound: shop === shops[0] ? { least: 1 } : null,
      note: toldOf(rounds),
      ours: [rounds.filter(isExact).length],
      baseline: [rounds.length],
      details: { rounds },
    });
  }
  return figures;
}
