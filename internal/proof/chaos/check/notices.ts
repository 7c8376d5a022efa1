import { type Arrival, linesText, type Violation } from "./history.ts";
import { EXPIRING, EXPIRY } from "./operations.ts";

/** How long before a cart's end it may be told of, ms. */
export const NOTICE_MS = 12_000;

/**
 * A cart that comes near its end is told of once in each of its lives, not before the notice's moment of this
 * life and not after its end, with the lines that it has; the telling renews nothing. Events that time brings
 * about say what kind of owner the cart has.
 */
export function checkNotices(events: readonly Arrival[]): Violation[] {
  return [...Map.groupBy(events, ({ subject }) => subject).values()].flatMap((cart) => {
    const lives = new Set<string | null>();
    return cart.flatMap((event, at): Violation[] => {
      const { owner, change, ownerKind, expiresAt } = event.data;
      if (change.type !== EXPIRING && change.type !== EXPIRY) return [];
      const fault = (rule: string, what: string) => ({
        rule,
        owner,
        sentence: `cart ${event.subject}: version ${event.version} ${what}`,
      });
      const kind = owner.split(":", 1)[0];
      const faults =
        ownerKind === kind ? [] : [fault("owner-kind", `is of a ${kind}, and says ${ownerKind}`)];
      if (change.type === EXPIRY) return faults;
      const wrong = wrongNotice(event, cart[at - 1]);
      if (wrong !== null) faults.push(fault("wrong-notice", wrong));
      if (lives.has(expiresAt)) faults.push(fault("notice-twice", `tells again of the end at ${expiresAt}`));
      lives.add(expiresAt);
      return faults;
    });
  });
}

function wrongNotice({ data, occurredAt }: Arrival, previous: Arrival | undefined): string | null {
  const before = previous?.data;
  if (before?.expiresAt !== data.expiresAt || data.expiresAt === null)
    return `tells of an end at ${data.expiresAt}, where it is ${before?.expiresAt}`;
  if (linesText(before.items) !== linesText(data.items))
    return `tells of [${linesText(data.items)}], where the cart has [${linesText(before.items)}]`;
  const left = Date.parse(data.expiresAt) - occurredAt;
  return left > NOTICE_MS || left <= 0 ? `came ${left} ms before the end` : null;
}
