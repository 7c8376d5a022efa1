import { type OpenCart, type Shop, send } from "./shop.ts";

/** What came of adds that were sent to one cart at once. */
export interface AtOnce {
  readonly sent: number;
  /** Adds that the shop has answered as done. */
  readonly accepted: number;
  /** Pieces by which the cart has grown. */
  readonly added: number;
}

/** Sends `count` adds of one product to a new cart at once; looks what is in it when all are answered. */
export async function addAtOnce(shop: Shop, count: number): Promise<AtOnce> {
  const cart: OpenCart = await shop.openCart();
  const before = await cart.held();
  const answers = await Promise.all(Array.from({ length: count }, () => send(shop.url, cart.add)));
  const accepted = answers.filter(({ status, body }) => cart.accepted(status, body)).length;
  return { sent: count, accepted, added: (await cart.held()) - before };
}

/** Whether every add was accepted and counted, none twice. */
export function isExact({ sent, accepted, added }: AtOnce): boolean {
  return accepted === sent && added === sent;
}

/** What came of the rounds, as a sentence. */
export function toldOf(rounds: readonly AtOnce[]): string {
  const exact = rounds.filter(isExact).length;
  const told = `${exact} of ${rounds.length} rounds exact`;
  if (exact === rounds.length) return told;
  const range = (values: readonly number[]) => {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return least === most ? `${least}` : `${least} to ${most}`;
  };
  const accepted = range(rounds.map((round) => round.accepted));
  const added = range(rounds.map((round) => round.added));
  const others = rounds.every((round) => round.added === round.accepted)
    ? "each of them counted, the others refused"
    : `and ${added} are in the cart`;
  return `${told}; of ${rounds[0]!.sent} adds ${accepted} were accepted, ${others}`;
}
