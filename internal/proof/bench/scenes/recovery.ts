import { setTimeout as delay } from "node:timers/promises";
import { ask } from "../../../testkit/servers/database.ts";
import { allPublished } from "../events.ts";
import type { Figure } from "../figure.ts";
import { httpLoad, writeRequests } from "../http-load.ts";
import type { Profile } from "../profile.ts";
import { adds, headersOf, ownerNumber, PRODUCTS } from "../shop.ts";
import type { Stage } from "../stage.ts";

const OWNERS = Array.from({ length: 2_000 }, (_, n) => ownerNumber(n));

/** What each row costs a database that is artificially slow, in ms. */
const ROW_MS = 0.5;

/** How often somebody looks what an add is answered, and how long it must be `committed` to count, in ms. */
const LOOK_MS = 25;
const STEADY_MS = 1_000;

/**
 * How long adds go on being answered `staged` after the database was away, at half of what cart and
 * database bear, with a relay that forwards what is staged beside the cart, on a slow database.
 */
export async function recoveryScene(stage: Stage, profile: Profile): Promise<Figure[]> {
  const { seconds, connections } = profile;
  // The slowness is a trigger of PostgreSQL's.
  if (stage.database.dialect !== "postgres") return [];
  stage.divide();
  await ask(stage.database.url, SLOW);
  const requestFile = writeRequests(stage.dir, "recovery", await adds(stage, OWNERS, 5));
  const [cart, relay] = [await stage.product("cart"), await stage.product("outbox-relay")];
  const load = (lasting: number, pauseMs: number) =>
    httpLoad({ url: cart.url, requestFile, connections, seconds: lasting, pauseMs });
  await load(seconds, 0);
  const { perSecond: peak } = await load(seconds, 0);
  await allPublished(stage);
  const pauseMs = Math.round((2_000 * connections) / peak);
  const [ours, baseline, rates]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < Math.min(profile.rounds, 3); round++) {
    const witness = watch(cart.url, await headersOf(stage, `user:witness-${round}`));
    const outage = async () => {
      await delay(1_000);
      const left = performance.now();
      await stage.database.kill(stage.database.endsBy);
      await delay(seconds * 1_000);
      await stage.database.start();
      return { left, back: performance.now() };
    };
    const both = Promise.all([outage(), load(seconds * 4 + 4, pauseMs)]);
    const seen = await both.then(witness.end, witness.end);
    const [{ left, back }, { perSecond }] = await both;
    rates.push(perSecond);
    ours.push((steadySince(seen, back) - back) / 1_000);
    baseline.push((back - left) / 1_000);
    await allPublished(stage);
  }
  await Promise.all([cart.kill("SIGTERM"), relay.kill("SIGTERM")]);
  await ask(stage.database.url, "DROP TRIGGER slow ON outbox_event; DROP FUNCTION be_slow()");
  return [
    {
      id: "recovery",
      what: "outage over -> committed, slow database",
      against: "the outage, at half of peak",
      unit: "s",
      bound: { most: 1 },
      ours,
      baseline,
      details: { peak, rates, connections, rowMs: ROW_MS },
    },
  ];
}

const SLOW = `
  CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep((SELECT count(*) FROM added) * ${ROW_MS} / 1000.0); RETURN NULL; END $$;
  CREATE TRIGGER slow AFTER INSERT ON outbox_event REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION be_slow()`;

interface Seen {
  readonly at: number;
  readonly committed: boolean;
}

/** Adds to a cart of its own again and again, and notes what is said of the event. */
function watch(url: string, headers: Record<string, string>): { end(): Promise<Seen[]> } {
  const seen: Seen[] = [];
  let watching = true;
  const body = JSON.stringify({ productId: PRODUCTS[0], quantity: 1 });
  const look = async () => {
    while (watching) {
      const at = performance.now();
      const answer = await fetch(`${url}/cart/items`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body,
      });
      await answer.arrayBuffer();
      if (answer.ok) seen.push({ at, committed: answer.headers.get("outbox-state") === "committed" });
      await delay(LOOK_MS);
    }
  };
  const watched = look();
  return {
    end: async () => {
      watching = false;
      await watched;
      return seen;
    },
  };
}

/** When, after `from`, everything began to be committed for so long that it may be called so. */
function steadySince(seen: readonly Seen[], from: number): number {
  let since: number | null = null;
  for (const { at, committed } of seen) {
    if (at < from) continue;
    if (!committed) since = null;
    else since ??= at;
    if (since !== null && at - since >= STEADY_MS) return since;
  }
  throw new Error(`adds were not committed again within ${Math.round((seen.at(-1)?.at ?? from) - from)} ms`);
}
