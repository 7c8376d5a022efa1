import type { RequestHandler } from "express";
import { LRUCache } from "lru-cache";
import type { Identity } from "../platform/identity/identity.ts";
import { Counter, type Registry } from "../platform/metrics/metrics.ts";
import { refuse } from "./problems.ts";

/**
 * At most `perMinute` requests of one owner (or, without one, one address) in each minute;
 * 0 is no limit. Counted per gateway process, from the owner's first request on.
 */
export function rateLimit(perMinute: number, registry: Registry, windowMs = 60_000): RequestHandler {
  const limited = new Counter({
    name: "gateway_rate_limited_total",
    help: "Requests refused because their owner or address had sent too many",
    registers: [registry],
  });
  if (perMinute === 0) return (_req, _res, next) => next();
  const windows = new LRUCache<string, { count: number; endsAt: number }>({ max: 100_000, ttl: windowMs });
  return (req, res, next) => {
    const who = (res.locals.identity as Identity | undefined)?.owner ?? req.socket.remoteAddress ?? "";
    const window = windows.get(who) ?? { count: 0, endsAt: Date.now() + windowMs };
    if (window.count === 0) windows.set(who, window);
    if (++window.count <= perMinute) return next();
    limited.inc();
    refuse(req, res, {
      code: "RATE_LIMITED",
      detail: `At most ${perMinute} requests a minute.`,
      headers: { "retry-after": String(Math.max(1, Math.ceil((window.endsAt - Date.now()) / 1000))) },
    });
  };
}
