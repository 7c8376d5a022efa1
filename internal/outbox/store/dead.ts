import type { DeadEvents } from "./store.ts";

const PAGE = 200;

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
  write(count === 0 ? "no dead events" : `${count} dead; replay with: replay <id> (or all)`);
}
