import type { Logger } from "../logger/logger.ts";

/** A piece of work that is done again and again. */
export interface Periodic {
  /** Waits for the run under way; none follows. */
  stop(): Promise<void>;
}

/**
 * Runs `work` every `intervalMs`, counted from the end of the previous run, so runs never
 * overlap. A failure is logged once until a run succeeds again, and does not end the series.
 */
export function every(intervalMs: number, name: string, work: () => Promise<void>, log: Logger): Periodic {
  let stopped = false;
  let failing = false;
  let timer: NodeJS.Timeout;
  let running: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    try {
      await work();
      if (failing) log.info({ task: name }, "periodic work succeeds again");
      failing = false;
    } catch (err) {
      if (!failing) log.warn({ err, task: name }, "periodic work failed; it will be tried again");
      failing = true;
    }
    if (!stopped) plan();
  }

  function plan(): void {
    timer = setTimeout(() => {
      running = run();
    }, intervalMs);
  }

  plan();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
