import { unwrap } from "../../platform/result/result.ts";
import { type Reply, resultOf, stateOf } from "../store/store.redis.ts";
import type { Given, GuestCart, OpenCheckout, Taken } from "./merge-store.ts";
import { type MergedLine, type Transfer, transferSchema } from "./transfer.ts";

/** A transfer as Redis keeps it; throws CORRUPT for what none of our releases has written. */
export function transferOf(text: string): Transfer {
  try {
    return transferSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error("CORRUPT transfer", { cause });
  }
}

/** What take.lua has answered; `transfer` is what it was given to keep. */
export function takenOf(reply: Reply, shard: number, transfer: Transfer | null): Taken {
  const [outcome, first, second, third, fourth] = reply;
  switch (outcome) {
    case "TAKEN": {
      const { staged } = unwrap(resultOf(first as Reply, shard));
      return { kind: "taken", transfer: transfer!, staged: staged! };
    }
    case "PENDING":
      return { kind: "pending", transfer: transferOf(first as string) };
    case "CART":
      return {
        kind: "cart",
        cart: stateOf(first as string) as GuestCart,
        last: second === null ? null : goneOf(second, third, fourth),
      };
    case "SETTLED":
      return { kind: "settled", last: goneOf(first, second, third) };
    case "ORDERING":
    case "UNDECIDED":
      return checkoutOf(reply);
    case "EMPTY":
      return { kind: "empty" };
    default:
      throw new Error(`take.lua answered ${JSON.stringify(reply)}`);
  }
}

/** What checkout-of.lua has answered of a checkout, or take.lua. */
export const checkoutOf = ([outcome, token]: Reply): OpenCheckout =>
  outcome === "ORDERING" ? { kind: "ordering" } : { kind: "undecided", token: token as string };

const goneOf = (user: unknown, cartId: unknown, version: unknown) => ({
  user: String(user),
  cartId: String(cartId),
  version: Number(version),
});

/** Where a result of give.lua has its report. */
const REPORT_AT: Readonly<Record<string, number>> = { CHANGED: 9, UNCHANGED: 2 };

type ReportedLine = [
  string,
  MergedLine["outcome"],
  guest: number,
  user: number,
  now: number,
  reason: MergedLine["reason"] | "",
];

/** What give.lua has answered, or recall.lua of it. */
export function givenOf(reply: Reply, shard: number): Given {
  const result = reply[0] === "REPLAYED" ? (reply[1] as Reply) : reply;
  const report = result[REPORT_AT[result[0]]!] as unknown as readonly ReportedLine[];
  return { ...unwrap(resultOf(reply, shard)), lines: report.map(lineOf) };
}

function lineOf([productId, outcome, guest, user, now, reason]: ReportedLine): MergedLine {
  const line = { productId, outcome, guestQuantity: guest, userQuantity: user, quantity: now };
  return reason ? { ...line, reason } : line;
}
