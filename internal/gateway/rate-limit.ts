import { LRUCache } from "lru-cache";
import { Counter, type Registry } from "../platform/metrics/metrics.ts";
import type { GatewayProblem } from "./problems.ts";

/**
 * At most `perMinute` requests of one `who` in each minute, counted per gateway process from the first
 * request on; 0 is no limit. Gives what to refuse with, or null while there is quota.
 */
export function createRateLimit(perMinute: number, registry: Registry, windowMs = 60_000) {
  const limited = new Counter({
    name: "gateway_rate_limited_total",
    help: "Requests refused because their owner or address had sent too many",
    registers: [registry],
  });
  if (perMinute === 0) return () => null;
  const windows = new LRUCache<string, { count: number; endsAt: number }>({ max: 100_000, ttl: windowMs });
  return (who: string): GatewayProblem | null => {
    const window = windows.get(who) ?? { count: 0, endsAt: Date.now() + windowMs };
    if (window.count === 0) windows.set(who, window);
    if (++window.count <= perMinute) return null;
    limited.inc();
    return {
      code: "RATE_LIMITED",
      detail: `At most ${perMinute} requests a minute.`,
      headers: { "retry-after": String(Math.max(1, Math.ceil((window.endsAt - Date.now()) / 1000))) },
    };
  };
}
