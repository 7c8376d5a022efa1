import { setTimeout as delay } from "node:timers/promises";
import type { DeadEvent, DeadEvents } from "./store.ts";

/** Which dead events: those that meet every given condition; without one none match, unless `all`. */
export interface ReplaySelector {
  readonly all?: boolean;
  /** Event ids, lower case. */
  readonly ids?: readonly string[];
  readonly subject?: string;
  readonly type?: string;
  /** Part of the last refusal's text. */
  readonly errorContains?: string;
  /** Epoch ms; parked before it. */
  readonly before?: number;
}

export interface ReplayResult {
  readonly matched: number;
  readonly replayed: number;
}

const PAGE = 200;

/**
 * How long (ms) an event is left dead at least. Relays look at what is dead once a second: one that was
 * parked and replayed between two looks would be published after those behind it.
 */
const LEFT_DEAD_MS = 5_000;

/**
 * Makes the dead events that `selector` matches pending again, or with `dryRun` only counts them: those that
 * were parked before the call, after a pause of 5 s. Page by page, each replayed at once: when it breaks off,
 * some are replayed and a repetition goes on with the rest. Throws when the database does not answer.
 */
export async function replaySelected(
  store: DeadEvents,
  selector: ReplaySelector,
  options: { dryRun: boolean; pause?: (ms: number) => Promise<unknown> },
): Promise<ReplayResult> {
  const { dryRun, pause = delay } = options;
  const since = Date.now();
  if (!dryRun) await pause(LEFT_DEAD_MS);
  let matched = 0;
  let replayed = 0;
  for (let after = 0; ; ) {
    const page = await store.listDead(PAGE, after);
    const ids = page.filter((event) => event.deadAt <= since && matches(selector, event)).map(({ id }) => id);
    matched += ids.length;
    if (!dryRun && ids.length > 0) replayed += await store.replay(ids);
    if (page.length < PAGE) return { matched, replayed };
    after = page.at(-1)!.seq;
  }
}

function matches(selector: ReplaySelector, event: DeadEvent): boolean {
  const { all = false, ids, subject, type, errorContains, before } = selector;
  const asked = [ids, subject, type, errorContains, before].some((each) => each !== undefined);
  return (
    (all || asked) &&
    (ids === undefined || ids.includes(event.id)) &&
    (subject === undefined || subject === event.subject) &&
    (type === undefined || type === event.type) &&
    (errorContains === undefined || event.lastError.includes(errorContains)) &&
    (before === undefined || event.deadAt < before)
  );
}
