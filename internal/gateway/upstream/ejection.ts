/** Requests in a row without an answer that eject an address. */
export const MOST_FAILURES = 3;

/** How often an ejected address is tried, in ms. */
const PROBE_EVERY_MS = 1_000;

/** What an address has shown of itself. */
export interface Ejection {
  isEjected(): boolean;
  /** It has answered, whatever it said. */
  answered(): void;
  /** It could not be connected to, hung up, or did not answer in time. */
  failed(): void;
  stop(): void;
}

/**
 * Takes an address out after {@link MOST_FAILURES} requests in a row without an answer. Then `probe` tries it
 * every second, and the first answer brings it back: no client's request is spent on finding out. `onChange`
 * is called after each change.
 */
export function createEjection(options: {
  probe: () => Promise<boolean>;
  onChange: () => void;
  probeEveryMs?: number;
}): Ejection {
  const { probe, onChange, probeEveryMs = PROBE_EVERY_MS } = options;
  let failures = 0;
  let isEjected = false;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  function change(to: boolean): void {
    isEjected = to;
    failures = 0;
    onChange();
  }

  function plan(): void {
    timer = setTimeout(async () => {
      const answered = await probe();
      if (stopped || !isEjected) return;
      if (answered) change(false);
      else plan();
    }, probeEveryMs);
    timer.unref();
  }

  return {
    isEjected: () => isEjected,
    answered: () => {
      failures = 0;
    },
    failed: () => {
      if (isEjected || stopped || ++failures < MOST_FAILURES) return;
      change(true);
      plan();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
