import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createHttpClient, type HttpClient } from "../../testkit/http-client.ts";
import type { Attempt, FinalCart, Outcome, SeenCart } from "./check/history.ts";
import { OPERATIONS, type OperationKind, operationNamed, type Random } from "./check/operations.ts";
import { seeded } from "./random.ts";
import type { Stage } from "./stage.ts";

const OWNERS = 24;
/** Of one owner: two tabs of a browser, whose requests race. */
const TABS = 2;
const PRODUCTS = ["stove-ember", "mug-steel", "bottle-1l", "pot-nest-3"];
const MOST_ATTEMPTS = 8;
/** Longer than the gateway's patience would be longer than a run. */
const PATIENCE_MS = 8_000;

export interface Shoppers {
  readonly attempts: readonly Attempt[];
  /** Resolves when the last answer is in. */
  stop(): Promise<void>;
  /** Reads every owner's cart, patiently. */
  readCarts(): Promise<FinalCart[]>;
}

/**
 * Lets shoppers do operations at random through both gateways until stopped; they write down all they see.
 */
export async function sendShoppers(stage: Stage, random: Random): Promise<Shoppers> {
  const clients = stage.gateways.map(({ url }) => createHttpClient(url, OWNERS * TABS, PATIENCE_MS));
  const run = randomBytes(3).toString("hex");
  const owners = await Promise.all(
    Array.from({ length: OWNERS }, async (_, index) => {
      const user = `chaos-${run}-${index}`;
      return { name: `user:${user}`, authorization: `Bearer ${await stage.token(user)}` };
    }),
  );
  const attempts: Attempt[] = [];
  let stopped = false;
  const tabs = owners.flatMap((owner) =>
    Array.from({ length: TABS }, () => shop(owner, seeded(random(2 ** 32)))),
  );

  async function shop(owner: (typeof owners)[number], random: Random): Promise<void> {
    let version = 0;
    while (!stopped) {
      await delay(random(200));
      const kind = chosen(random);
      const choice = kind.choose(random, PRODUCTS);
      const key = kind.change !== null && random(10) < 7 ? randomUUID() : null;
      const ifMatch = kind.change !== null && random(10) < 2 ? version : null;
      for (let attempt = 1; ; attempt++) {
        const done = await ask(clients[random(clients.length)]!, owner, kind, { ...choice, key, ifMatch });
        attempts.push(done);
        if (done.outcome.kind === "done") version = done.outcome.cart.version;
        if (done.outcome.kind !== "unknown" || key === null || attempt === MOST_ATTEMPTS || stopped) break;
        await delay(50 + random(400));
      }
    }
  }
  return {
    attempts,
    stop: async () => {
      stopped = true;
      await Promise.all(tabs);
    },
    readCarts: async () => {
      const read = operationNamed("read");
      const carts = await Promise.all(
        owners.map(async (owner) => {
          for (let attempt = 1; ; attempt++) {
            const { outcome, from, to } = await ask(clients[0]!, owner, read, NOTHING);
            if (outcome.kind === "done") return { owner: owner.name, cart: outcome.cart, from, to };
            if (attempt === MOST_ATTEMPTS)
              throw new Error(`the cart of ${owner.name} cannot be read: ${JSON.stringify(outcome)}`);
            await delay(500);
          }
        }),
      );
      for (const client of clients) client.close();
      return carts;
    },
  };
}

const NOTHING = { productId: null, quantity: null, key: null, ifMatch: null };

function chosen(random: Random): OperationKind {
  let rest = random(OPERATIONS.reduce((sum, { weight }) => sum + weight, 0));
  for (const kind of OPERATIONS) {
    rest -= kind.weight;
    if (rest < 0) return kind;
  }
  throw new Error("the weights do not add up");
}

async function ask(
  client: HttpClient,
  owner: { name: string; authorization: string },
  kind: OperationKind,
  choice: Pick<Attempt, "productId" | "quantity" | "key" | "ifMatch">,
): Promise<Attempt> {
  const { method, path, body } = kind.request(choice);
  const trace = randomBytes(16).toString("hex");
  const from = Date.now();
  const outcome: Outcome = await client
    .call(method, path, {
      authorization: owner.authorization,
      headers: {
        traceparent: `00-${trace}-${trace.slice(16)}-01`,
        ...(choice.key !== null && { "idempotency-key": choice.key }),
        ...(choice.ifMatch !== null && { "if-match": `"${choice.ifMatch}"` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    .then(outcomeOf, (error: Error) => ({ kind: "unknown", reason: error.message }));
  return { trace, owner: owner.name, operation: kind.name, ...choice, from, to: Date.now(), outcome };
}

/** A refusal is certain only when the platform says that nothing was changed. */
function outcomeOf(answer: Awaited<ReturnType<HttpClient["call"]>>): Outcome {
  const { status } = answer;
  const body = JSON.parse(answer.text) as SeenCart & { code?: string };
  if (status === 200) {
    const { cartId, version } = body;
    const items = body.items.map(({ productId, quantity }) => ({ productId, quantity }));
    return {
      kind: "done",
      cart: { cartId, version, items },
      replayed: answer.headers["idempotent-replayed"] === "true",
    };
  }
  const code = body.code ?? "";
  return status < 500 || code === "CATALOG_UNAVAILABLE"
    ? { kind: "refused", status, code }
    : { kind: "unknown", reason: `${status} ${code}` };
}
