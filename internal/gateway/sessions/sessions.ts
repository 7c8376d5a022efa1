import { randomUUID } from "node:crypto";
import type { KeyRing } from "../../platform/identity/key-ring.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import { createOutageLog } from "../../platform/logger/outage-log.ts";
import { Counter, type Registry } from "../../platform/metrics/metrics.ts";
import { err, ok, type Result } from "../../platform/result/result.ts";
import { issueGuestToken } from "../identity/tokens.ts";
import type { GatewayProblem } from "../problems.ts";
import { mintRefreshToken, parseRefreshToken, type RefreshToken, successorOf } from "./refresh-token.ts";
import type { Refused, SessionStore, TokenStatus } from "./session-store.ts";

/** What a guest is given. All times are in seconds. */
export interface Session {
  readonly accessToken: string;
  readonly tokenType: "Bearer";
  readonly expiresIn: number;
  readonly refreshToken: string;
  /** Until the session ends for good; a refresh does not put it off. */
  readonly refreshExpiresIn: number;
  readonly guestId: string;
}

export type Sessions = ReturnType<typeof createSessions>;

/**
 * Guests' sessions: an access token of minutes, which every gateway verifies by itself, and a refresh token,
 * which the store knows and which is replaced at each use (RFC 9700, 4.14.2). Two tabs that refresh at once,
 * or a client whose answer was lost, get the same successor within the grace; a token used later than that
 * ends the session, because someone else may hold it. While the store is away nothing is opened, refreshed or
 * revoked, and access tokens go on working. What was issued before a revocation goes on until it expires.
 */
export function createSessions(options: {
  store: SessionStore;
  keys: KeyRing;
  accessSeconds: number;
  lifetimeSeconds: number;
  graceSeconds: number;
  registry: Registry;
  log: Logger;
}) {
  const { keys, accessSeconds, lifetimeSeconds, graceSeconds } = options;
  const { count, ask } = watched(options);

  async function sessionOf({ guestId, text }: RefreshToken, leftMs: number): Promise<Session> {
    const left = Math.max(1, Math.floor(leftMs / 1000));
    const expiresIn = Math.min(accessSeconds, left);
    const accessToken = await issueGuestToken(keys, guestId, expiresIn);
    return {
      accessToken,
      tokenType: "Bearer",
      expiresIn,
      refreshToken: text,
      refreshExpiresIn: left,
      guestId,
    };
  }

  return {
    /** A new guest's. Not idempotent: each call makes one that takes memory until its end. */
    open: async (): Promise<Result<Session, GatewayProblem>> => {
      const first = mintRefreshToken(randomUUID());
      const opened = await ask("open", (store) => store.open(first, lifetimeSeconds * 1000));
      if (!opened.ok) return opened;
      count("open", "opened");
      return ok(await sessionOf(first, lifetimeSeconds * 1000));
    },

    /** Exchanges a refresh token; a repeat within the grace is answered with the same new one. */
    refresh: async (text: string): Promise<Result<Session, GatewayProblem>> => {
      const presented = parseRefreshToken(text);
      if (presented === null) return refuse("refresh", "forged");
      const [first, ...others] = keys.candidates(undefined).map((key) => successorOf(presented, key));
      const rotated = await ask("refresh", (store) =>
        store.rotate(presented, [first!, ...others], graceSeconds * 1000),
      );
      if (!rotated.ok) return rotated;
      if (!("successor" in rotated.value)) return refuse("refresh", rotated.value.outcome);
      const { outcome, successor, leftMs } = rotated.value;
      count("refresh", outcome);
      return ok(await sessionOf(successor, leftMs));
    },

    /** Ends the session of a refresh token, be it one of old. Idempotent: nothing to end is no failure. */
    revoke: async (text: string): Promise<Result<null, GatewayProblem>> => {
      const presented = parseRefreshToken(text);
      const revoked =
        presented === null ? ok(false) : await ask("revoke", (store) => store.revoke(presented));
      if (!revoked.ok) return revoked;
      count("revoke", revoked.value ? "revoked" : "ended");
      return ok(null);
    },

    /** The guest, as an owner, who holds a refresh token; null when it counts no more. It is not replaced. */
    holder: async (text: string): Promise<Result<string | null, GatewayProblem>> => {
      const presented = parseRefreshToken(text);
      const checked = presented === null ? ok(FORGED) : await ask("check", (store) => store.check(presented));
      if (!checked.ok) return checked;
      count("check", checked.value.outcome);
      return ok(checked.value.outcome === "held" ? `guest:${presented!.guestId}` : null);
    },
  };

  function refuse(operation: Operation, outcome: Refused) {
    count(operation, outcome);
    return err(outcome === "reused" ? REUSED : OVER);
  }
}

type Operation = keyof typeof RESULTS;

/** Counted from the start, so that a rate is known before the first. */
const RESULTS = {
  open: ["opened", "unavailable"],
  refresh: ["rotated", "repeated", "reused", "ended", "forged", "underivable", "unavailable"],
  revoke: ["revoked", "ended", "unavailable"],
  check: ["held", "reused", "ended", "forged", "unavailable"],
} as const;

/** Counts, and asks a store that may be away; each turn of it is logged once. */
function watched({ store, registry, log }: { store: SessionStore; registry: Registry; log: Logger }) {
  const operations = new Counter({
    name: "gateway_session_operations_total",
    help: "What became of guests' sessions: opened, refreshed, revoked, presented for a merge (check)",
    labelNames: ["operation", "result"] as const,
    registers: [registry],
  });
  for (const operation of Object.keys(RESULTS) as Operation[])
    for (const result of RESULTS[operation]) operations.inc({ operation, result }, 0);
  const outage = createOutageLog(log, {
    began: "sessions cannot be opened or refreshed",
    ended: "sessions are served again",
  });
  return {
    count: (operation: Operation, result: string) => operations.inc({ operation, result }),
    ask: async <T>(
      operation: Operation,
      call: (store: SessionStore) => Promise<T>,
    ): Promise<Result<T, GatewayProblem>> => {
      try {
        const value = await call(store);
        outage.over();
        return ok(value);
      } catch (cause) {
        outage.met({ err: cause, operation });
        operations.inc({ operation, result: "unavailable" });
        return err(STORE_UNAVAILABLE);
      }
    },
  };
}

const FORGED: TokenStatus = { outcome: "forged" };

const STORE_UNAVAILABLE: GatewayProblem = {
  code: "SESSION_STORE_UNAVAILABLE",
  detail: "Sessions cannot be opened, refreshed or ended at the moment; access tokens go on working.",
  headers: { "retry-after": "1" },
};

function refreshRefused(detail: string): GatewayProblem {
  return {
    code: "UNAUTHENTICATED",
    detail,
    errors: [{ field: "refreshToken", message: detail }],
    headers: { "www-authenticate": 'Bearer error="invalid_token"' },
  };
}

const OVER = refreshRefused(
  "The refresh token is not valid, or its session is over; POST /api/session begins a new one.",
);

const REUSED = refreshRefused(
  "The refresh token was used before, so that someone else may hold it: its session is ended. POST /api/session begins a new one.",
);
