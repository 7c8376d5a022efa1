import type { Request, RequestHandler, Response } from "express";
import { LRUCache } from "lru-cache";
import { pathOf, requestIdOf } from "../platform/http/app.ts";
import type { Logger } from "../platform/logger/logger.ts";
import { Counter, type Registry } from "../platform/metrics/metrics.ts";
import { type Problem, sendProblem } from "../platform/problem/problem.ts";
import type { Result } from "../platform/result/result.ts";
import type { TokenError, Verified } from "./tokens.ts";

type Verify = (token: string) => Promise<Result<Verified, TokenError>>;

const BEARER = /^Bearer ([A-Za-z0-9._~+/-]{1,8192}=*)$/i;

/** How many verified tokens are remembered, and how many bytes they may have together. */
const MOST_TOKENS = 50_000;
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * Finds out who a request acts for and puts the owner into `res.locals.owner`; refuses with 401 otherwise, or with 502
 * while the keys to tell cannot be had. A verified token is remembered until it expires.
 */
export function authenticate(verify: Verify, registry: Registry, log: Logger): RequestHandler {
  const known = new LRUCache<string, Verified>({
    max: MOST_TOKENS,
    maxSize: MOST_BYTES,
    sizeCalculation: (_verified, token) => token.length,
  });
  const lookups = new Counter({
    name: "gateway_token_cache_total",
    help: "Bearer tokens by whether they had been verified before",
    labelNames: ["result"] as const,
    registers: [registry],
  });
  const verifyAndRemember = async (token: string, req: Request, res: Response): Promise<boolean> => {
    const result = await verify(token);
    if (result.ok) {
      known.set(token, result.value);
      res.locals.owner = result.value.owner;
      return true;
    }
    const { error } = result;
    if (error.code === "KEYS_UNAVAILABLE") {
      log.warn({ err: error.cause, requestId: requestIdOf(req) }, "no keys to verify a token");
    }
    sendProblem(res, pathOf(req), PROBLEMS[error.code]);
    return false;
  };
  return (req, res, next) => {
    const token = bearerOf(req);
    if (token === null) return sendProblem(res, pathOf(req), MISSING);
    const remembered = known.get(token);
    if (remembered !== undefined && remembered.expiresAt > Date.now()) {
      lookups.inc(HIT);
      res.locals.owner = remembered.owner;
      return next();
    }
    lookups.inc(MISS);
    return verifyAndRemember(token, req, res).then((passed) => {
      if (passed) next();
    });
  };
}

const HIT = { result: "hit" } as const;
const MISS = { result: "miss" } as const;

function bearerOf(req: Request): string | null {
  return BEARER.exec(req.headers.authorization ?? "")?.[1] ?? null;
}

const MISSING: Problem = {
  code: "UNAUTHENTICATED",
  detail: "Send Authorization: Bearer <token>; POST /api/session gives a guest's.",
  errors: [{ field: "Authorization", message: "must be Bearer and an access token" }],
  headers: { "www-authenticate": "Bearer" },
};

function invalidToken(detail: string): Problem {
  return {
    code: "UNAUTHENTICATED",
    detail,
    errors: [{ field: "Authorization", message: detail }],
    headers: { "www-authenticate": 'Bearer error="invalid_token"' },
  };
}

const PROBLEMS: Record<TokenError["code"], Problem> = {
  INVALID: invalidToken("The access token is not valid."),
  EXPIRED: invalidToken("The access token has expired; get a new one."),
  SUBJECT: invalidToken("The access token's sub must be 1 to 128 visible ASCII characters."),
  KEYS_UNAVAILABLE: {
    code: "UPSTREAM_UNAVAILABLE",
    detail: "The keys to verify this token cannot be had at the moment; please try again.",
    headers: { "retry-after": "1" },
  },
};
