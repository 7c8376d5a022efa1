import { LRUCache } from "lru-cache";
import type { LimitClass, Quotas, WindowCounter } from "./rate-limit.ts";

/** How many owners or addresses are counted at once; beyond it those that asked longest ago begin anew. */
const MOST_WINDOWS = 100_000;

/** Counts in this process alone, in bounded memory. Never rejects. */
export function createMemoryCounter(quotas: Quotas, mostWindows = MOST_WINDOWS): WindowCounter {
  const windows = new LRUCache<string, { count: number; endsAt: number }>({ max: mostWindows });
  return {
    count: async (limitClass: LimitClass, who: string) => {
      const key = `${limitClass}:${who}`;
      // Of a clock that nobody sets back; whole, for a window of fractions may seem longer than it is.
      const now = Math.floor(performance.now());
      let window = windows.get(key);
      if (window === undefined || window.endsAt <= now) {
        window = { count: 0, endsAt: now + (quotas[limitClass]?.seconds ?? 0) * 1000 };
        windows.set(key, window);
      }
      window.count++;
      return { count: window.count, resetMs: window.endsAt - now };
    },
  };
}
