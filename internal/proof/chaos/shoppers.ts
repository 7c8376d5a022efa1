import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createHttpClient } from "../../testkit/http-client.ts";
import { browse } from "./browse.ts";
import type { FinalCart, FinalOrders, JourneyAttempt } from "./check/history.ts";
import { OPERATIONS, type Random } from "./check/operations.ts";
import { readCart, readOrders } from "./final-state.ts";
import { cancel, checkout, merge } from "./journeys.ts";
import { SCARCE } from "./merchant.ts";
import { drive } from "./payments.ts";
import { seeded } from "./random.ts";
import { operate, type Shopper } from "./requests.ts";
import { keepSession } from "./sessions.ts";
import type { Stage } from "./stage.ts";
import { type Notes, type Tab, untilKnown } from "./tab.ts";
import { troubleOn } from "./trouble.ts";

/** Of one owner: two tabs of a browser, whose requests race. */
const TABS = 2;
const PRODUCTS = ["stove-ember", "mug-steel", "bottle-1l", "pot-nest-3"];
/** Longer than the gateway's patience would be longer than a run. */
const PATIENCE_MS = 8_000;

/** What a tab does next, by weight. */
const DEEDS: readonly {
  weight: number;
  name: "change" | "browse" | "session" | JourneyAttempt["operation"];
}[] = [
  { weight: 84, name: "change" },
  { weight: 14, name: "browse" },
  { weight: 3, name: "session" },
  { weight: 5, name: "merge" },
  { weight: 7, name: "checkout" },
  { weight: 4, name: "cancel" },
  { weight: 4, name: "pay" },
  { weight: 3, name: "fulfil" },
];

export interface Shoppers {
  readonly notes: Notes;
  /** From now on no checkout meets trouble that was brought about for it. */
  calm(): void;
  /** Resolves when the last answer is in. */
  stop(): Promise<void>;
  /** Reads the carts of all users and the orders of all users and guests, patiently. */
  readAll(): Promise<{ carts: FinalCart[]; orders: FinalOrders[] }>;
}

/**
 * Lets the tabs of so many users do things at random through both gateways until stopped; they write down all
 * they see.
 */
export async function sendShoppers(
  stage: Stage,
  options: { users: number; products: readonly string[] },
  random: Random,
): Promise<Shoppers> {
  const { users, products } = options;
  const clients = stage.gateways.map(({ url }) => createHttpClient(url, users * TABS * 2, PATIENCE_MS));
  const cartClients = stage.carts.map(({ url }) => createHttpClient(url, users * TABS, PATIENCE_MS));
  const run = randomBytes(3).toString("hex");
  const owners = await Promise.all(
    Array.from({ length: users }, async (_, index) => {
      const user = `chaos-${run}-${index}`;
      return { name: `user:${user}`, authorization: `Bearer ${await stage.token(user)}` };
    }),
  );
  const notes: Notes = { attempts: [], journeys: [], reads: [], sessions: [], guests: [], faults: [] };
  let stopped = false;
  const trouble = troubleOn(stage, notes.faults);
  const tabs = owners.flatMap((owner) => {
    const orders = new Map<string, Shopper>();
    return Array.from({ length: TABS }, () => {
      const own = seeded(random(2 ** 32));
      const client = () => clients[own(clients.length)]!;
      const tab = { owner, random: own, notes, orders, guest: null, etags: new Map<string, string>() };
      const service = async () => ({
        client: cartClients[own(cartClients.length)]!,
        headers: await stage.serviceHeaders(),
      });
      const ways = { client, service, trouble, open: () => !stopped };
      return shop({ ...tab, ...ways }, products);
    });
  });
  return {
    notes,
    calm: trouble.end,
    stop: async () => {
      stopped = true;
      await Promise.all(tabs);
    },
    readAll: async () => {
      const [client] = clients;
      const all = [...owners, ...notes.guests];
      const [carts, orders] = await Promise.all([
        Promise.all(all.map((shopper) => readCart(client!, shopper))),
        Promise.all(all.map((shopper) => readOrders(client!, shopper))),
      ]);
      for (const each of [...clients, ...cartClients]) each.close();
      return { carts, orders };
    },
  };
}

/** Shops in a tab for as long as it is open. */
async function shop(tab: Tab, products: readonly string[]): Promise<void> {
  const seen = { version: 0 };
  while (tab.open()) {
    await delay(tab.random(200));
    const { name } = chosen(tab.random, DEEDS);
    switch (name) {
      case "change":
        await change(tab, seen);
        break;
      case "browse":
        await browse(tab, products);
        break;
      case "session":
        await keepSession(tab);
        break;
      case "merge":
        await merge(
          tab,
          PRODUCTS.filter((id) => id !== SCARCE),
        );
        break;
      case "checkout":
        await checkout(tab);
        break;
      case "cancel":
        await cancel(tab);
        break;
      case "pay":
      case "fulfil":
        await drive(tab, name);
        break;
    }
  }
}

/** One operation on the owner's cart, sometimes with its key for another; `seen` is what the tab saw last. */
async function change(tab: Tab, seen: { version: number }): Promise<void> {
  const { owner, random, notes } = tab;
  const kind = chosen(random, OPERATIONS);
  const key = kind.change !== null && random(10) < 7 ? randomUUID() : null;
  const ifMatch = kind.change !== null && random(10) < 2 ? seen.version : null;
  const choice = { ...kind.choose(random, PRODUCTS), key, ifMatch };
  const once = async () => {
    const { attempt } = await operate(tab.client(), owner, kind, choice);
    notes.attempts.push(attempt);
    return attempt;
  };
  // Without a key a repeat could do it again.
  const { outcome } = await (key === null ? once() : untilKnown(tab, once));
  if (outcome.kind !== "done") return;
  seen.version = outcome.cart.version;
  // What changed nothing is not remembered; an add always changes something.
  if (kind.name !== "add" || key === null || ifMatch !== null || random(8) > 0) return;
  const other = { ...choice, quantity: choice.quantity! + 1 };
  notes.attempts.push((await operate(tab.client(), owner, kind, other)).attempt);
}

function chosen<T extends { readonly weight: number }>(random: Random, all: readonly T[]): T {
  let rest = random(all.reduce((sum, { weight }) => sum + weight, 0));
  for (const each of all) {
    rest -= each.weight;
    if (rest < 0) return each;
  }
  throw new Error("the weights do not add up");
}
