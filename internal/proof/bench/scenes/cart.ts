import { commitCost } from "../baselines.ts";
import { alternate, type Figure } from "../figure.ts";
import { httpLoad, type LoadResult, writeRequests } from "../http-load.ts";
import type { Profile } from "../profile.ts";
import { adds, ownerNumber, reads } from "../shop.ts";
import type { Stage } from "../stage.ts";

const OWNERS = Array.from({ length: 2_000 }, (_, n) => ownerNumber(n));

/** The cart service beside a bare Express app: adds committed, adds staged only, reads. */
export async function cartScene(stage: Stage, profile: Profile): Promise<Figure[]> {
  const { rounds, seconds, connections } = profile;
  const addFile = writeRequests(stage.dir, "adds", await adds(stage, OWNERS, 5));
  const readFile = writeRequests(stage.dir, "reads", await reads(stage, OWNERS));
  const cart = await stage.product("cart");
  const bare = await stage.contender("bare-cart", { REDIS_URL: stage.redis.url });
  const load = (url: string, requestFile: string) => () =>
    httpLoad({ url, requestFile, connections, seconds });
  const inTurn = (file: string) => alternate(rounds, load(cart.url, file), load(bare.url, file));
  const details = { connections, seconds, owners: OWNERS.length, lines: 5 };

  const add = await inTurn(addFile);
  const commit = await commitCost(stage, 500);
  const read = await inTurn(readFile);

  await stage.database.kill(stage.database.endsBy);
  const staged = await inTurn(addFile);
  await stage.database.start();
  await cart.kill("SIGTERM");
  await bare.stop();

  const perSecond = (results: readonly LoadResult[]) => results.map((result) => result.perSecond);
  return [
    {
      id: "add",
      what: "add item, throughput (committed)",
      against: "bare Express, no event, no checks",
      unit: "requests/s",
      bound: { least: 0.7 },
      ours: perSecond(add.a),
      baseline: perSecond(add.b),
      details,
    },
    {
      id: "add-staged",
      what: "add item, throughput (database down)",
      against: "bare Express, no event, no checks",
      unit: "requests/s",
      bound: { least: 1 },
      ours: perSecond(staged.a),
      baseline: perSecond(staged.b),
      details,
    },
    {
      id: "add-p99",
      what: "add item, p99",
      against: "bare p99 + one commit's p99",
      unit: "ms",
      bound: { most: 1.5 },
      ours: add.a.map((result) => result.p99 / 1000),
      baseline: add.b.map((result) => (result.p99 + commit.p99) / 1000),
      details: { ...details, commitMicroseconds: commit, bareP99: add.b.map((result) => result.p99 / 1000) },
    },
    {
      id: "get",
      what: "get cart of 5 lines, throughput",
      against: "bare Express + HGETALL",
      unit: "requests/s",
      bound: { least: 0.8 },
      ours: perSecond(read.a),
      baseline: perSecond(read.b),
      details,
    },
  ];
}
