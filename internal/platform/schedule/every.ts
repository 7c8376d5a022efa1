import type { Logger } from "../logger/logger.ts";
import { createOutageLog } from "../logger/outage-log.ts";
import { Gauge, type Registry } from "../metrics/metrics.ts";

/** A piece of work that is done again and again. */
export interface Periodic {
  /** Waits for the run under way; none follows. */
  stop(): Promise<void>;
}

/** Which periodic work fails, for all of a process. */
export function createFailingGauge(registry: Registry): Gauge<"task"> {
  return new Gauge({
    name: "periodic_work_failing",
    help: "1 while the last run of a piece of periodic work has failed, else 0",
    labelNames: ["task"] as const,
    registers: [registry],
  });
}

/**
 * Runs `work` every `intervalMs`, counted from the end of the previous run, so runs never
 * overlap. A failure is logged once until a run succeeds again, and does not end the series;
 * `failing` says so for as long.
 */
export function every(
  intervalMs: number,
  name: string,
  work: () => Promise<void>,
  told: { readonly log: Logger; readonly failing?: Gauge<"task"> },
): Periodic {
  const { log, failing } = told;
  failing?.set({ task: name }, 0);
  let stopped = false;
  const outage = createOutageLog(log, {
    began: "periodic work failed; it will be tried again",
    ended: "periodic work succeeds again",
  });
  let timer: NodeJS.Timeout;
  let running: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    try {
      await work();
      outage.over({ task: name });
      failing?.set({ task: name }, 0);
    } catch (err) {
      outage.met({ err, task: name });
      failing?.set({ task: name }, 1);
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
