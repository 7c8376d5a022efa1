import { endOnBrokenPipe } from "../internal/platform/lifecycle/broken-pipe.ts";
import { consumeEvents } from "../internal/testkit/event-consumer.ts";
import { readState, runningOf } from "../internal/testkit/local/state.ts";
import { fail } from "../internal/testkit/local/steps.ts";
import { request, shopperAt } from "../internal/testkit/shopper.ts";

/**
 * `make demo`: a shopper against the running platform, and
 * beside it a consumer that prints each event as it arrives.
 */

endOnBrokenPipe();
const state = readState();
const gateway = runningOf(state, "gateway");
if (!gateway || state.consumerUrl === undefined) fail("Nothing runs; start it with: make up");
const base = `http://127.0.0.1:${gateway.port}`;

const consumer = await consumeEvents({ url: state.consumerUrl, queue: "cart.events.demo" }).catch(fail);
const session = await request(base, "POST", "/api/session");
console.log(`shopper   POST /api/session -> ${session.status}, a guest session`);
const owner = `guest:${session.body.guestId}`;
const shopper = await shopperAt(base, session.body.accessToken);
const mine = () => consumer.events.filter((event) => (event.data as { owner: string }).owner === owner);

let printed = 0;
const printNew = () => {
  for (const event of mine().slice(printed)) {
    const { change, items } = event.data as { change: { type: string }; items: unknown[] };
    console.log(
      `    event ${event.type} v${event.version} ${change.type}, ${items.length} line(s), id ${event.id}`,
    );
    printed++;
  }
};
const printer = setInterval(printNew, 10);

try {
  const list = await shopper.call("GET", "/api/catalog/products?limit=3");
  const [first, second] = list.body.items as { id: string; name: string }[];
  console.log(
    `shopper   GET /api/catalog/products -> ${list.status}, among them ${first!.name} and ${second!.name}`,
  );
  const calls: [string, string, unknown?][] = [
    ["POST", "/api/cart/items", { productId: first!.id, quantity: 1 }],
    ["POST", "/api/cart/items", { productId: first!.id, quantity: 2 }],
    ["POST", "/api/cart/items", { productId: second!.id, quantity: 1 }],
    ["PUT", `/api/cart/items/${first!.id}`, { quantity: 5 }],
    ["DELETE", `/api/cart/items/${second!.id}`],
    ["DELETE", "/api/cart"],
  ];
  for (const [method, path, body] of calls) {
    const answer = await shopper.call(method, path, { body });
    const { version, items, total } = answer.body;
    const outbox = answer.headers.get("outbox-state");
    console.log(
      `shopper   ${method} ${path} -> ${answer.status}, version ${version}, ${items?.length} line(s), total ${total?.amount}, ${outbox}`,
    );
    if (answer.status !== 200) fail(`the shopper was refused: ${JSON.stringify(answer.body)}`);
  }
  await consumer.waitFor(() => mine().length >= calls.length, 20_000);
  printNew();
  const versions = mine().map((event) => event.version);
  console.log(
    `\n${calls.length} changes, ${versions.length} events, versions ${versions.join(" ")}: each told once, in order.`,
  );
  if (versions.join() !== calls.map((_, index) => index + 1).join())
    fail("the events are not what they should be");
} catch (error) {
  fail(error);
} finally {
  clearInterval(printer);
  await consumer.close();
}
