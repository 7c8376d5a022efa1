import { setTimeout as delay } from "node:timers/promises";

/** What is waited for: what to say once when it begins, and what was not so when time is up. */
interface Wait {
  readonly saying: string;
  readonly late: string;
  readonly pauseMs: number;
}

/** How long a command waits for others, all its waits together. */
export interface Patience {
  /** Tries until `attempt` resolves with true; rejects when time is up, or when an attempt rejects. */
  until(attempt: () => Promise<boolean>, wait: Wait): Promise<void>;
}

/** Begins now; an attempt under way when `timeoutMs` are over is the last. */
export function createPatience(timeoutMs: number, say: (line: string) => void = () => {}): Patience {
  const deadline = performance.now() + timeoutMs;
  return {
    until: async (attempt, { saying, late, pauseMs }) => {
      for (let said = false; !(await attempt()); said = true) {
        const left = deadline - performance.now();
        if (left <= 0) throw new Error(`${late} within ${timeoutMs} ms`);
        if (!said) say(saying);
        await delay(Math.min(pauseMs, left));
      }
    },
  };
}
