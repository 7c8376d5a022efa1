import { randomInt } from "node:crypto";
import { ownRedis } from "../../../testkit/servers/test-servers.ts";
import { writeCarts } from "../carts-in-redis.ts";
import { alternate, type Figure } from "../figure.ts";
import { type Request, writeRequests } from "../http-load.ts";
import { medianLatency } from "../one-at-a-time.ts";
import type { Profile } from "../profile.ts";
import { addOf, adds, differentNumbers, numberedOwners, ownerNumber, PRODUCTS } from "../shop.ts";
import { pinFamily, type Stage } from "../stage.ts";

const FEW = 1_000;
/** More adds than a round comes to, one after the other. */
const ADDS_OF_A_ROUND = 15_000;

/** How one add feels in a full store: in carts that were touched a moment ago, and in any of them all. */
export async function liveCarts(stage: Stage, profile: Profile): Promise<Figure[]> {
  const [full, empty] = [await ownRedis(), await ownRedis()];
  for (const { pid } of [full, empty]) pinFamily(pid);
  const every = profile.liveCarts / FEW;
  await writeCarts(full.url, numberedOwners(profile.liveCarts, 1), PRODUCTS.slice(0, 5));
  await writeCarts(empty.url, numberedOwners(FEW, every), PRODUCTS.slice(0, 5));
  const settings = { CART_TTL_SECONDS: "21600" };
  const crowded = await stage.product("cart", settings, { redisUrl: full.url });
  const quiet = await stage.product("cart", settings, { redisUrl: empty.url });

  const sameFile = writeRequests(stage.dir, "same", await adds(stage, [...numberedOwners(FEW, every)], 1));
  const same = await alternate(
    profile.rounds,
    () => medianLatency(crowded.url, sameFile, profile),
    () => medianLatency(quiet.url, sameFile, profile),
  );

  const rounds = profile.rounds + 1;
  const count = Math.min(ADDS_OF_A_ROUND, Math.floor(profile.liveCarts / rounds));
  const anyFiles = await filesOf(stage, "any", rounds, [
    ...differentNumbers(rounds * count, profile.liveCarts),
  ]);
  const fewNumbers = Array.from({ length: rounds * count }, () => randomInt(FEW) * every);
  const fewFiles = await filesOf(stage, "few", rounds, fewNumbers);
  const any = await alternate(
    profile.rounds,
    (round) => medianLatency(crowded.url, anyFiles[round + 1]!, profile),
    (round) => medianLatency(quiet.url, fewFiles[round + 1]!, profile),
  );
  await Promise.all([crowded.kill("SIGTERM"), quiet.kill("SIGTERM")]);
  await Promise.all([full.stop(), empty.stop()]);

  const common = {
    unit: "us",
    against: `with ${FEW}`,
    details: { connections: 1, liveCarts: profile.liveCarts },
  };
  return [
    {
      ...common,
      id: "live-carts",
      what: `one add with ${profile.liveCarts} live carts, median`,
      bound: { most: 1.1 },
      ours: same.a,
      baseline: same.b,
    },
    {
      ...common,
      id: "live-carts-any",
      what: `the same, each add in another cart`,
      bound: null,
      note: "informs: what a million carts take does not fit the processor's caches",
      ours: any.a,
      baseline: any.b,
    },
  ];
}

/**
 * Adds in the carts of these owners, a file for each round, so that none comes back to a cart. Each has a
 * token of its own, also where owners are few: verifying it would else be part of the difference.
 */
async function filesOf(stage: Stage, name: string, rounds: number, owners: readonly number[]) {
  const count = owners.length / rounds;
  const files: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const requests: Request[] = [];
    for (const [n, owner] of owners.slice(round * count, (round + 1) * count).entries())
      requests.push(await addOf(stage, ownerNumber(owner), PRODUCTS[0]!, `guest:${name}-${round}-${n}`));
    files.push(writeRequests(stage.dir, `${name}-${round}`, requests));
  }
  return files;
}
