import type { Logger } from "../../platform/logger/logger.ts";
import { StagingUnreadable } from "./staging.ts";

/** Whether staged events can be committed, as far as is known; told of in the log when that changes. */
export interface Outage {
  /** What keeps events staged, as a sentence; null while they are committed. */
  reason(): string | null;
  begin(cause: unknown): void;
  end(): void;
}

export function createOutage(log: Logger): Outage {
  let reason: string | null = null;
  return {
    reason: () => reason,
    begin: (cause) => {
      if (reason !== null) return;
      const why =
        cause instanceof StagingUnreadable
          ? "Redis does not give them back"
          : "the database does not take them";
      reason = `events are staged in Redis and not committed: ${why}`;
      log.warn({ err: cause }, reason);
    },
    end: () => {
      if (reason !== null) log.info("staged events are being committed to the database again");
      reason = null;
    },
  };
}
