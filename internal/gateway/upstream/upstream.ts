import type { RequestHandler } from "express";
import type { GatewayProblem } from "../problems.ts";

/** A service behind the gateway. */
export interface Upstream {
  readonly handler: RequestHandler;
  close(): void;
}

export const UNAVAILABLE: GatewayProblem = {
  code: "UPSTREAM_UNAVAILABLE",
  detail:
    "The service behind the gateway cannot be reached; please try again, with the same Idempotency-Key if this was a change.",
  headers: { "retry-after": "1" },
};

export const TIMEOUT: GatewayProblem = {
  code: "UPSTREAM_TIMEOUT",
  detail: "The service behind the gateway took too long; the request may have had its effect.",
};
