import type { Request, RequestHandler } from "express";
import { LRUCache } from "lru-cache";
import { pathOf } from "../platform/http/app.ts";
import { Counter, type Registry } from "../platform/metrics/metrics.ts";
import { type Problem, sendProblem } from "../platform/problem/problem.ts";
import type { Result } from "../platform/result/result.ts";
import type { TokenError, Verified } from "./tokens.ts";

type Verify = (token: string) => Promise<Result<Verified, TokenError>>;

const BEARER = /^Bearer ([A-Za-z0-9._~+/-]{1,8192}=*)$/i;

/**
 * Finds out who a request acts for and puts the owner into `res.locals.owner`; refuses with 401 otherwise. A verified
 * token is remembered until it expires (at most `most` of them).
 */
export function authenticate(verify: Verify, registry: Registry, most = 50_000): RequestHandler {
  const known = new LRUCache<string, string>({ max: most });
  const lookups = new Counter({
    name: "gateway_token_cache_total",
    help: "Bearer tokens by whether they had been verified before",
    labelNames: ["result"] as const,
    registers: [registry],
  });
  return async (req, res, next) => {
    const token = bearerOf(req);
    if (token === null) return sendProblem(res, pathOf(req), MISSING);
    const remembered = known.get(token);
    if (remembered !== undefined) {
      lookups.inc({ result: "hit" });
      res.locals.owner = remembered;
      return next();
    }
    lookups.inc({ result: "miss" });
    const result = await verify(token);
    if (!result.ok) return sendProblem(res, pathOf(req), PROBLEMS[result.error.code]);
    const ttl = result.value.expiresAt - Date.now();
    if (ttl > 0) known.set(token, result.value.owner, { ttl });
    res.locals.owner = result.value.owner;
    next();
  };
}

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
  KEYS_UNAVAILABLE: {
    code: "UPSTREAM_UNAVAILABLE",
    detail: "The keys to verify this token cannot be had at the moment; please try again.",
    headers: { "retry-after": "1" },
  },
};
