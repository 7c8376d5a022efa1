import { randomUUID } from "node:crypto";
import { endOnBrokenPipe } from "../../platform/lifecycle/broken-pipe.ts";
import { consumeEvents, type ReceivedEvent } from "../event-consumer.ts";
import { userToken } from "../processes/dev-keys.ts";
import { type Answer, request, type Shopper, shopperAt } from "../shopper.ts";
import { changeProduct } from "./change-product.ts";
import { readState, runningOf, SECRETS_DIR } from "./state.ts";
import { fail } from "./steps.ts";

/**
 * `make demo`: a guest who browses and fills a cart, and a user who signs in, takes that cart along, orders
 * and cancels, against the running platform; beside them a consumer that prints their events as they arrive.
 */

interface EventData {
  readonly owner: string;
  readonly change: { readonly type: string };
  readonly items: readonly unknown[];
}

endOnBrokenPipe();
const state = readState();
const gateway = runningOf(state, "gateway");
if (!gateway || state.consumerUrl === undefined) fail("Nothing runs; start it with: make up");
const base = `http://127.0.0.1:${gateway.port}`;
const consumer = await consumeEvents({ url: state.consumerUrl, queue: "cart.events.demo" }).catch(fail);
const owners = new Set<string>();
const dataOf = (event: ReceivedEvent) => event.data as EventData;
const ours = () => consumer.events.filter((event) => owners.has(dataOf(event).owner));

let printed = 0;
function printNew(): void {
  for (const event of ours().slice(printed)) {
    const { change, items } = dataOf(event);
    console.log(
      `    event ${event.type} v${event.version} ${change.type}, ${items.length} line(s), id ${event.id}`,
    );
    printed++;
  }
}

/** Expects `status`, and says what came. */
function told(call: string, answer: Answer, status: number, more: string): Answer {
  console.log(`shopper   ${call} -> ${answer.status}${more === "" ? "" : `, ${more}`}`);
  if (answer.status !== status) fail(`that should be ${status}: ${JSON.stringify(answer.body)}`);
  return answer;
}

async function change(shopper: Shopper, method: string, path: string, body?: unknown): Promise<void> {
  const answer = await shopper.call(method, path, { body });
  const { version, items, total } = answer.body;
  const outbox = answer.headers.get("outbox-state");
  told(
    `${method} ${path}`,
    answer,
    200,
    `version ${version}, ${items?.length} line(s), total ${total?.amount}, ${outbox}`,
  );
}

async function asGuest() {
  const session = told("POST /api/session", await request(base, "POST", "/api/session"), 201, "a guest");
  owners.add(`guest:${session.body.guestId}`);
  const shopper = await shopperAt(base, session.body.accessToken);
  const list = await shopper.call("GET", "/api/catalog/products?limit=3");
  const [first, second] = list.body.items as { id: string; name: string }[];
  told("GET /api/catalog/products", list, 200, `among them ${first!.name} and ${second!.name}`);
  const calls: [string, string, unknown?][] = [
    ["POST", "/api/cart/items", { productId: first!.id, quantity: 1 }],
    ["POST", "/api/cart/items", { productId: first!.id, quantity: 2 }],
    ["POST", "/api/cart/items", { productId: second!.id, quantity: 1 }],
    ["PUT", `/api/cart/items/${first!.id}`, { quantity: 5 }],
    ["DELETE", `/api/cart/items/${second!.id}`],
    ["DELETE", "/api/cart"],
  ];
  for (const [method, path, body] of calls) await change(shopper, method, path, body);
  await consumer.waitFor(() => ours().length >= calls.length, 20_000);
  printNew();
  const versions = ours().map((event) => event.version);
  console.log(
    `\n${calls.length} changes, ${versions.length} events, versions ${versions.join(" ")}: each told once, in order.\n`,
  );
  if (versions.join() !== calls.map((_, index) => index + 1).join())
    fail("the events are not what they should be");
  await change(shopper, "POST", "/api/cart/items", { productId: first!.id, quantity: 2 });
  await consumer.waitFor(() => ours().length > calls.length, 20_000);
  const body = { refreshToken: session.body.refreshToken };
  const refreshed = told(
    "POST /api/session/refresh",
    await request(base, "POST", "/api/session/refresh", { body }),
    200,
    "the same guest, with new tokens",
  );
  return { productId: first!.id, guestToken: refreshed.body.refreshToken as string };
}

/** Takes the guest's cart along, agrees to a price that then rises, agrees again, orders and cancels. */
async function asUser({ productId, guestToken }: Awaited<ReturnType<typeof asGuest>>): Promise<void> {
  const user = `demo-${randomUUID().slice(0, 8)}`;
  owners.add(`user:${user}`);
  const before = ours().length;
  const shopper = await shopperAt(base, await userToken(SECRETS_DIR, user));
  console.log(`shopper   signs in as ${user}`);
  const merged = await shopper.call("POST", "/api/cart/merge", { body: { guestToken } });
  const lines = (merged.body.lines ?? []) as { productId: string; outcome: string; quantity: number }[];
  const report = lines.map((line) => `${line.productId} ${line.outcome}, ${line.quantity} now`).join("; ");
  told("POST /api/cart/merge", merged, 200, report);
  const body = { refreshToken: guestToken };
  told(
    "DELETE /api/session",
    await request(base, "DELETE", "/api/session", { body }),
    204,
    "the guest is gone",
  );
  const agreed = { items: (await shopper.cart()).body.items };
  const { amount } = agreed.items[0].unitPrice;
  const checkout = async (body: unknown) =>
    shopper.call("POST", "/api/cart/checkout", { body, headers: { "idempotency-key": randomUUID() } });

  console.log(`catalog   the price rises: make price PRODUCT=${productId} AMOUNT=${amount + 100}`);
  await changeProduct(state, productId, { amount: amount + 100 });
  try {
    const refused = await checkout(agreed);
    const [line] = refused.body.lines ?? [];
    const [was, now] = [line?.was.unitPrice.amount, line?.now.unitPrice.amount];
    told("POST /api/cart/checkout", refused, 409, `${refused.body.code}, from ${was} to ${now}`);
    const placed = await checkout({ items: (await shopper.cart()).body.items });
    const { order } = placed.body;
    told("POST /api/cart/checkout", placed, 201, `order ${order?.id}, total ${order?.total.amount}`);
    const path = `/api/orders/${order.id}/cancel`;
    const cancelled = await shopper.call("POST", path);
    told(`POST ${path}`, cancelled, 200, `the order is ${cancelled.body.status}`);
  } finally {
    await changeProduct(state, productId, { amount });
  }
  await consumer.waitFor(() => ours().length >= before + 5, 20_000);
  printNew();
  const types = ours()
    .slice(before)
    .map(({ type }) => type);
  console.log(`\none merge and one order, told by ${types.toSorted().join(", ")}.`);
}

const printer = setInterval(printNew, 10);
try {
  await asUser(await asGuest());
} catch (error) {
  fail(error);
} finally {
  clearInterval(printer);
  await consumer.close();
}
