import type { Logger } from "./logger.ts";

/** An outage as the log shows it: a line when it begins and one when it is over, however often it is met. */
export interface OutageLog {
  /** Whether it is going on. */
  readonly lasts: boolean;
  /** Something failed because of it. */
  met(fields: object): void;
  /** Something went well that it would have prevented. */
  over(fields?: object): void;
}

/** `began` is a warning unless `level` says otherwise; `ended` is for information. */
export function createOutageLog(
  log: Logger,
  { began, ended, level = "warn" }: { began: string; ended: string; level?: "warn" | "error" },
): OutageLog {
  let lasts = false;
  return {
    get lasts() {
      return lasts;
    },
    met: (fields) => {
      if (!lasts) log[level](fields, began);
      lasts = true;
    },
    over: (fields = {}) => {
      if (lasts) log.info(fields, ended);
      lasts = false;
    },
  };
}
