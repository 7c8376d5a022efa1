import { err, ok, type Result } from "../../platform/result/result.ts";
import type { DeadEvents } from "./store.ts";

const PAGE = 200;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Writes every dead event as a line: id, type, subject, sequence, attempts, when it was parked and why. */
export async function listDead(store: DeadEvents, write: (line: string) => void): Promise<void> {
  let count = 0;
  for (let after = 0; ; ) {
    const page = await store.listDead(PAGE, after);
    for (const event of page) {
      const parked = new Date(event.deadAt).toISOString();
      write(
        `${event.id}  ${event.type}  ${event.subject} ${event.sequenceName} ${event.sequence}  ${event.attempts} attempts  ${parked}  ${event.lastError}`,
      );
    }
    count += page.length;
    if (page.length < PAGE) break;
    after = page.at(-1)!.seq;
  }
  write(count === 0 ? "no dead events" : `${count} dead; replay with: make replay ID=<id> (or ID=all)`);
}

/** Something among the ids that is no event id; nothing was changed. */
export interface NotAnEventId {
  readonly code: "NOT_AN_EVENT_ID";
  readonly value: string;
}

/** Makes dead events pending again, `["all"]` or those named, and returns how many. */
export async function replayDead(
  store: DeadEvents,
  ids: readonly string[],
): Promise<Result<number, NotAnEventId>> {
  const all = ids.length === 1 && ids[0] === "all";
  const wrong = all ? undefined : ids.find((id) => !UUID.test(id));
  if (wrong !== undefined) return err({ code: "NOT_AN_EVENT_ID", value: wrong.slice(0, 80) });
  return ok(await store.replay(all ? "all" : ids.map((id) => id.toLowerCase())));
}
