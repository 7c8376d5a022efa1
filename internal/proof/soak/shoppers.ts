import { randomInt } from "node:crypto";
import type { HttpClient } from "../../testkit/http-client.ts";

const PRODUCTS = ["stove-ember", "mug-steel", "lamp-head-400", "tent-aurora-2", "bottle-1l", "mat-drift"];

/** Requests of a shopper before another comes in its place, who leaves the cart to expire. */
const REQUESTS_OF_A_SHOPPER = 40;

/** What a request is called in the summary, and whether its answer was one that it may have. */
export interface Done {
  readonly what: string;
  readonly status: number;
  readonly expected: boolean;
}

/** One shopper after the other in the same place: mostly guests with a new session, sometimes a user. */
export interface Place {
  /** Does one thing; rejects when no answer comes. */
  step(): Promise<Done>;
  /** The Authorization header of whoever shops here now; null before the first. */
  authorization(): string | null;
}

/** `userToken` gives the token of the user that shops here when it is not a guest's turn. */
export function createPlace(client: HttpClient, userToken: () => Promise<string>): Place {
  let authorization: string | null = null;
  let left = 0;

  async function arrive(): Promise<Done> {
    left = REQUESTS_OF_A_SHOPPER;
    if (randomInt(5) === 0) {
      authorization = `Bearer ${await userToken()}`;
      return { what: "user arrives", status: 200, expected: true };
    }
    const answer = await client.call("POST", "/api/session");
    if (answer.status === 201) authorization = `Bearer ${JSON.parse(answer.text).accessToken}`;
    return { what: "guest arrives", status: answer.status, expected: answer.status === 201 };
  }

  return {
    authorization: () => authorization,
    step: async () => {
      if (authorization === null || left-- <= 0) return arrive();
      const { what, method, path, body, headers, answers } = pick(randomInt(TOTAL_WEIGHT));
      const fresh = randomInt(20) === 0;
      const { status } = await client.call(method, path, {
        ...(what !== "no token" && { authorization }),
        ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
        ...(headers && { headers }),
        fresh,
      });
      return { what, status, expected: answers.includes(status) };
    },
  };
}

interface Action {
  readonly what: string;
  readonly weight: number;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly answers: readonly number[];
}

const action = (
  what: string,
  weight: number,
  [method, path]: readonly [string, string],
  answers: readonly number[],
  rest: Pick<Action, "body" | "headers"> = {},
): Action => ({ what, weight, method, path, answers, ...rest });

/** Actions by weight; a product is drawn anew for each. */
function actions(productId: string, quantity: number): readonly Action[] {
  const items = ["POST", "/api/cart/items"] as const;
  const item = `/api/cart/items/${productId}`;
  return [
    action("add", 30, items, [200, 409], { body: { productId, quantity } }),
    action("set", 20, ["PUT", item], [200, 409], { body: { quantity } }),
    action("remove", 10, ["DELETE", item], [200]),
    action("clear", 3, ["DELETE", "/api/cart"], [200]),
    action("view", 25, ["GET", "/api/cart"], [200]),
    action("product", 4, ["GET", `/api/catalog/products/${productId}`], [200]),
    action("stale version", 2, ["PUT", item], [412], {
      body: { quantity },
      headers: { "if-match": '"999999999"' },
    }),
    action("unknown product", 1, items, [404], { body: { productId: `none-${quantity}`, quantity } }),
    action("bad JSON", 1, items, [400], { body: '{"productId":' }),
    action("bad quantity", 1, ["PUT", item], [400], { body: { quantity: -1 } }),
    action("no token", 1, ["GET", "/api/cart"], [401]),
    action("no such path", 1, ["GET", `/api/none/${productId}`], [404]),
    action("bad path", 1, ["GET", "/api/cart//items"], [400]),
  ];
}

const TOTAL_WEIGHT = actions("", 1).reduce((sum, { weight }) => sum + weight, 0);

function pick(drawn: number): Action {
  const all = actions(PRODUCTS[randomInt(PRODUCTS.length)]!, 1 + randomInt(5));
  let rest = drawn;
  return all.find(({ weight }) => {
    rest -= weight;
    return rest < 0;
  })!;
}
