import type { RequestHandler } from "express";
import { Counter, type Registry } from "../metrics/metrics.ts";
import { invalid, type Problem } from "../problem/problem.ts";
import { refuse, refuseWith } from "./refuse.ts";

/**
 * When the caller gives up, in ms since 1970. A point in time and not a rest of it, so that a request which
 * lay unread in a socket while this process stood still is known to be late. Clocks must agree as far as the
 * expiry of internal tokens needs them to.
 */
export const DEADLINE_HEADER = "x-request-deadline";

const DEADLINE = /^\d{1,15}$/;

/** The refusal of a request whose deadline has passed. */
export const DEADLINE_PASSED = {
  code: "DEADLINE_PASSED",
  detail: "The time for this request was over before it was begun, so nothing was changed; please try again.",
  headers: { "retry-after": "1" },
} as const satisfies Problem<"DEADLINE_PASSED">;

/** The deadline that a request names, in ms since 1970; null when it names none. */
export function deadlineOf(headers: Readonly<Record<string, string | string[] | undefined>>): number | null {
  const given = headers[DEADLINE_HEADER];
  return typeof given === "string" && DEADLINE.test(given) ? Number(given) : null;
}

/** Whether it is strictly later than `deadline` (ms since 1970); what is null or undefined is never past. */
export function isPast(deadline: number | null | undefined): boolean {
  return typeof deadline === "number" && Date.now() > deadline;
}

/** Refuses what arrives after its deadline with DEADLINE_PASSED, before anything is done for it. */
export function refuseLate(registry: Registry): RequestHandler {
  const late = new Counter({
    name: "http_requests_late_total",
    help: "Requests refused because their deadline had passed when they arrived",
    registers: [registry],
  });
  const refuseAsLate = refuseWith<"DEADLINE_PASSED">();
  return (req, res, next) => {
    const given = req.headers[DEADLINE_HEADER];
    if (given === undefined) return next();
    const deadline = deadlineOf(req.headers);
    if (deadline === null) return refuse(req, res, invalid("X-Request-Deadline", "must be ms since 1970"));
    if (!isPast(deadline)) return next();
    late.inc();
    refuseAsLate(req, res, DEADLINE_PASSED);
  };
}

/** What `work` resolves with, or `late` once the deadline has passed. */
export async function byDeadline<T>(
  deadline: number | null | undefined,
  work: Promise<T>,
  late: T,
): Promise<T> {
  if (typeof deadline !== "number") return work;
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<T>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, deadline - Date.now()), late);
  });
  try {
    return await Promise.race([work, passed]);
  } finally {
    clearTimeout(timer);
  }
}
