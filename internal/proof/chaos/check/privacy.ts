import { wrongPrivacy } from "./cache-fields.ts";
import type { History, Violation } from "./history.ts";

/** Nothing that has an owner comes from a cache, or may be kept in one; tokens neither. */
export function checkPrivacy({ attempts, journeys, sessions }: History): Violation[] {
  return [...attempts, ...journeys, ...sessions].flatMap(({ owner, operation, trace, caching }) => {
    const wrong = caching && wrongPrivacy(caching);
    const sentence = `${operation} (${trace.slice(0, 8)}) was answered with ${wrong}`;
    return wrong === null ? [] : [{ rule: "owner-cached", owner, sentence }];
  });
}
