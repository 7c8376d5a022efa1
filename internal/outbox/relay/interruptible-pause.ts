/** A pause of a loop that something may cut short. */
export interface InterruptiblePause {
  /** Resolves after `ms`, or earlier by {@link wake}; at once when `ms` is not positive. */
  pause(ms: number, until?: "news" | "room"): Promise<void>;
  /** What the present pause waits for. */
  until(): "news" | "room" | undefined;
  wake(): void;
}

export function createInterruptiblePause(): InterruptiblePause {
  let current: { until: "news" | "room" | undefined; wake: () => void } | null = null;
  return {
    pause: async (ms, until) => {
      if (ms <= 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        const wake = () => {
          clearTimeout(timer);
          resolve();
        };
        current = { until, wake };
      });
      current = null;
    },
    until: () => current?.until,
    wake: () => current?.wake(),
  };
}
