/** What order is judged by. */
export interface Arrival {
  readonly id: string;
  readonly subject: string;
  readonly version: number;
}

/**
 * What is wrong with these arrivals, one sentence each, empty when nothing is:
 * per subject, without repeats of ids seen before, versions must be `first`,
 * `first` + 1, and so on, where `first` is the first to arrive unless given.
 */
export function checkPerCartOrder(events: readonly Arrival[], first?: number): string[] {
  const seen = new Set<string>();
  const carts = new Map<string, { next: number; idOf: Map<number, string> }>();
  const violations: string[] = [];
  for (const { id, subject, version } of events) {
    if (seen.has(id)) continue;
    seen.add(id);
    let cart = carts.get(subject);
    if (!cart) {
      cart = { next: first ?? version, idOf: new Map() };
      carts.set(subject, cart);
    }
    const other = cart.idOf.get(version);
    cart.idOf.set(version, id);
    if (other !== undefined) {
      violations.push(`${subject}: version ${version} has two ids, ${other} and ${id}`);
      continue;
    }
    if (version !== cart.next)
      violations.push(`${subject}: version ${version} came where ${cart.next} was due`);
    cart.next = version + 1;
  }
  return violations;
}
