import { check } from "./checker.ts";
import type { History } from "./history.ts";

/** Broken promises that sweepers still mend while a run comes to rest: a later look decides. */
const IN_THE_END = ["merge-lost", "not-reduced"];

/** How many merges and orders have been begun and not, as far as the events tell, been finished. */
export function unfinished(history: History): number {
  return check(history).filter(({ rule }) => IN_THE_END.includes(rule)).length;
}
