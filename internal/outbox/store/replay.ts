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
 * Makes the dead events that `selector` matches pending again, or with `dryRun` only counts
 * them. Page by page, each replayed at once: when it breaks off, some are replayed and a
 * repetition goes on with the rest. Throws when the database does not answer.
 */
export async function replaySelected(
  store: DeadEvents,
  selector: ReplaySelector,
  options: { dryRun: boolean },
): Promise<ReplayResult> {
  let matched = 0;
  let replayed = 0;
  for (let after = 0; ; ) {
    const page = await store.listDead(PAGE, after);
    const ids = page.filter((event) => matches(selector, event)).map(({ id }) => id);
    matched += ids.length;
    if (!options.dryRun && ids.length > 0) replayed += await store.replay(ids);
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
