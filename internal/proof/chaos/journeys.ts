import { randomUUID } from "node:crypto";
import type { HttpClient } from "../../testkit/http-client.ts";
import type { JourneyAttempt, ReportLine, SeenCart, SeenOrder, Strategy } from "./check/history.ts";
import { operationNamed } from "./check/operations.ts";
import {
  operate,
  outcomeOf,
  type Request,
  type Sent,
  type Shopper,
  seenCart,
  seenLines,
  send,
} from "./requests.ts";
import { openSession, refreshSession } from "./sessions.ts";
import { MOST_ATTEMPTS, type Tab, untilKnown } from "./tab.ts";

/*
 * What a shopper does besides changing one cart: signs in, and merges what was put into the cart before;
 * orders what is in it; cancels an order. Each is repeated while its outcome is not known, and sometimes
 * sent twice at once, as by a double click.
 */

/** The answer to a merge. */
interface Merged {
  readonly cart: SeenCart;
  readonly lines: readonly ReportLine[];
}

/** The answer to a checkout. */
interface Placed {
  readonly order: SeenOrder;
  readonly cart: SeenCart | "pending";
}

const STRATEGIES: readonly Strategy[] = ["sum", "max", "keep-user", "keep-guest"];
const NOTHING = { productId: null, quantity: null, key: null, ifMatch: null };

/**
 * Fills a guest's cart and merges it, sometimes while more is put into it, after or during its checkout, or
 * after one of the user's; or leaves it for good.
 */
export async function merge(tab: Tab, products: readonly string[]): Promise<void> {
  const { random, notes } = tab;
  tab.guest = tab.guest === null ? await openSession(tab) : await refreshSession(tab, tab.guest);
  const { guest } = tab;
  if (guest === null) return;
  const { token, refreshToken } = guest;
  const add = operationNamed("add");
  const fill = async () => {
    const choice = { ...add.choose(random, products), key: randomUUID(), ifMatch: null };
    await untilKnown(tab, async () => {
      const { attempt } = await operate(tab.client(), guest, add, choice);
      notes.attempts.push(attempt);
      return attempt;
    });
  };
  for (let lines = 1 + random(2); lines > 0; lines--) await fill();
  if (random(8) === 0) {
    tab.guest = null;
    return;
  }
  const ordering = random(3) === 0 ? checkoutAsGuest(tab, guest) : null;
  if (random(2) === 0) await ordering;
  if (random(16) === 0) await checkoutCutShort(tab, random(2) === 0 ? guest : tab.owner);
  const strategy = STRATEGIES[random(STRATEGIES.length)]!;
  const request = {
    method: "POST",
    path: "/api/cart/merge",
    body: { guestToken: random(2) === 0 ? token : (refreshToken ?? token), strategy },
    // A merge has a natural key, which is enough.
    key: random(2) === 0 ? randomUUID() : null,
  };
  await Promise.all([
    onceOrTwice(tab, request, { operation: "merge", guest: guest.name, strategy }, 200, (body: Merged) => ({
      cart: seenCart(body.cart),
      report: body.lines.map(seenReport),
    })),
    ...(random(3) === 0 ? [fill()] : []),
    ordering,
  ]);
  if (random(2) === 0) tab.guest = null;
}

/** Orders what a guest's cart shows, sometimes in trouble, often without finding out what came of it. */
async function checkoutAsGuest(tab: Tab, guest: Shopper): Promise<void> {
  const { random, trouble } = tab;
  const attempts = random(2) === 0 ? 1 : MOST_ATTEMPTS;
  await Promise.all([checkout(tab, { by: guest, attempts }), random(3) === 0 ? trouble.brief(random) : null]);
}

/** Orders what a cart shows; its commit is the last that carts see of the database, or of Redis. */
async function checkoutCutShort(tab: Tab, by: Shopper): Promise<void> {
  const callOff = tab.trouble.atCommit(by.name, tab.random);
  await checkout(tab, { by, attempts: 1 });
  callOff();
}

/**
 * Who does it, how often it is tried, and where; the tab's owner, until its outcome is known, at any gateway,
 * unless told.
 */
interface Manner {
  readonly by?: Shopper;
  readonly attempts?: number;
  readonly client?: HttpClient;
}

/** Orders what a cart shows, at the prices that it shows. */
export async function checkout(tab: Tab, manner: Manner = {}): Promise<void> {
  const { by = tab.owner } = manner;
  const { random, notes, orders } = tab;
  const { attempt, lines } = await operate(tab.client(), by, operationNamed("read"), NOTHING);
  notes.attempts.push(attempt);
  if (lines === null || (lines.length === 0 && random(8) > 0)) return;
  const items = lines.flatMap(({ productId, quantity, unitPrice }) =>
    unitPrice === null ? [] : [{ productId, quantity, unitPrice }],
  );
  if (items.length < lines.length) return;
  const request = { method: "POST", path: "/api/cart/checkout", body: { items }, key: randomUUID() };
  const placed = (body: Placed) => ({
    cart: body.cart === "pending" ? null : seenCart(body.cart),
    order: seenOrder(body.order),
  });
  const done = await onceOrTwice(
    tab,
    request,
    { operation: "checkout", agreed: items, ...manner },
    201,
    placed,
  );
  for (const { outcome } of done)
    if (outcome.kind === "done" && outcome.order) orders.set(outcome.order.id, by);
  if (random(6) > 0 || !done.some(({ outcome }) => outcome.kind === "done")) return;
  // The key, for another consent.
  const more = items.map((line) => ({ ...line, quantity: line.quantity + 1 }));
  const other = { operation: "checkout", agreed: more, by, attempts: 1 } as const;
  await onceOrTwice(tab, { ...request, body: { items: more } }, other, 201, placed);
}

/** Cancels one of the orders, mostly one that was not cancelled yet. */
export async function cancel(tab: Tab): Promise<void> {
  const { random, orders } = tab;
  const chosen = [...orders][random(orders.size)];
  if (chosen === undefined) return;
  const [orderId, by] = chosen;
  if (random(3) > 0) orders.delete(orderId);
  const request = { method: "POST", path: `/api/orders/${orderId}/cancel`, key: randomUUID() };
  await move(tab, request, { operation: "cancel", by, orderId });
}

/** Asks for another status of an order. */
export function move(tab: Tab, request: KeyedRequest, deed: Deed): Promise<JourneyAttempt[]> {
  return onceOrTwice(tab, request, deed, 200, (body: SeenOrder) => ({ order: seenOrder(body) }));
}

type Kind = Pick<JourneyAttempt, "operation"> &
  Partial<Pick<JourneyAttempt, "guest" | "strategy" | "orderId" | "agreed">>;
type Deed = Kind & Manner;
type KeyedRequest = Request & { readonly key: string | null };
type Done = Extract<JourneyAttempt["outcome"], { kind: "done" }>;
type Read<Body> = (body: Body) => Partial<Pick<Done, "cart" | "report" | "order">>;

/** Sends a request until its outcome is known, once or twice at the same time; writes each attempt down. */
function onceOrTwice<Body>(
  tab: Tab,
  request: KeyedRequest,
  { by = tab.owner, attempts, client, ...kind }: Deed,
  expected: number,
  read: Read<Body>,
): Promise<JourneyAttempt[]> {
  const attempt = async () => {
    const sent = await send<Body>(client ?? tab.client(), by, request);
    const done = attemptOf(by.name, kind, request.key, sent, expected, read);
    tab.notes.journeys.push(done);
    return done;
  };
  const times = tab.random(5) === 0 ? 2 : 1;
  return Promise.all(Array.from({ length: times }, () => untilKnown(tab, attempt, attempts)));
}

function attemptOf<Body>(
  owner: string,
  kind: Kind,
  key: string | null,
  sent: Sent<Body>,
  expected: number,
  read: Read<Body>,
): JourneyAttempt {
  const outcome = outcomeOf(
    sent,
    expected,
    ({ body, replayed }): Done => ({
      kind: "done",
      replayed,
      cart: null,
      report: [],
      order: null,
      ...read(body),
    }),
  );
  const { trace, from, to, caching } = sent;
  const of = { guest: null, strategy: null, orderId: null, agreed: null, ...kind };
  return { trace, owner, ...of, key, from, to, caching, outcome };
}

const seenReport = ({
  productId,
  outcome,
  guestQuantity,
  userQuantity,
  quantity,
}: ReportLine): ReportLine => ({
  productId,
  outcome,
  guestQuantity,
  userQuantity,
  quantity,
});

/** An order as the API shows it. */
export const seenOrder = ({ id, status, version, items }: SeenOrder): SeenOrder => ({
  id,
  status,
  version,
  items: seenLines(items),
});
