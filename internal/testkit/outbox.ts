import { isWaiting, type StoredEvent } from "../outbox/event.ts";
import { createOutboxStore } from "../outbox/store/open-store.ts";
import type { OutboxReader, OutboxStore } from "../outbox/store/store.ts";
import { createLogger, type Logger } from "../platform/logger/logger.ts";
import { type Database, openDatabase } from "../platform/sql/database.ts";
import { parseDatabaseUrl } from "../platform/sql/database-url.ts";

/** An outbox with a pool of its own, to be closed by whoever opened it. */
export interface OpenOutbox extends OutboxStore {
  readonly database: Database;
  close(): Promise<void>;
}

/** Opens the outbox in the migrated database at `url`. */
export function openOutbox(url: string, log: Logger = createLogger("test", "fatal")): OpenOutbox {
  const database = openDatabase(parseDatabaseUrl(url), { log });
  return { ...createOutboxStore(database), database, close: () => database.close() };
}

/** What is pending, as a relay reads it, and waits for no dead event. */
export async function freePending(
  store: Pick<OutboxReader, "pending">,
  ...[cursors, limitEach]: Parameters<OutboxReader["pending"]>
): Promise<StoredEvent[]> {
  return (await store.pending(cursors, limitEach)).filter((event): event is StoredEvent => !isWaiting(event));
}
