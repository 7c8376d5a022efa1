import type { Request } from "express";
import { requestIdOf } from "../../platform/http/app.ts";
import type { Identity } from "../../platform/identity/identity.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import { err, ok, type Result } from "../../platform/result/result.ts";
import type { GatewayProblem } from "../problems.ts";
import type { TokenError, VerifyToken } from "./tokens.ts";

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]{1,8192}=*)$/i;

/**
 * Finds out who a request acts for. What it cannot tell is 401, or 502 while the keys to tell cannot be had,
 * which is logged as it begins and as it ends.
 */
export function createAuthenticator(verify: VerifyToken, log: Logger) {
  let keyless = false;
  return async (req: Request): Promise<Result<Identity, GatewayProblem>> => {
    const token = bearerOf(req);
    if (token === null) return err(MISSING);
    const result = await verify(token);
    if (result.ok) {
      if (keyless && result.value.identity.kind === "user") {
        keyless = false;
        log.info("there are keys to verify tokens again");
      }
      return ok(result.value.identity);
    }
    const { error } = result;
    if (error.code === "KEYS_UNAVAILABLE" && !keyless) {
      keyless = true;
      log.warn({ err: error.cause, requestId: requestIdOf(req) }, "no keys to verify a token");
    }
    return err(PROBLEMS[error.code]);
  };
}

function bearerOf(req: Request): string | null {
  return BEARER.exec(req.headers.authorization ?? "")?.[1] ?? null;
}

const MISSING: GatewayProblem = {
  code: "UNAUTHENTICATED",
  detail: "Send Authorization: Bearer <token>; POST /api/session gives a guest's.",
  errors: [{ field: "Authorization", message: "must be Bearer and an access token" }],
  headers: { "www-authenticate": "Bearer" },
};

function invalidToken(detail: string): GatewayProblem {
  return {
    code: "UNAUTHENTICATED",
    detail,
    errors: [{ field: "Authorization", message: detail }],
    headers: { "www-authenticate": 'Bearer error="invalid_token"' },
  };
}

export const KEYS_UNAVAILABLE: GatewayProblem = {
  code: "UPSTREAM_UNAVAILABLE",
  detail: "The keys to verify this token cannot be had at the moment; please try again.",
  headers: { "retry-after": "1" },
};

const PROBLEMS: Record<TokenError["code"], GatewayProblem> = {
  INVALID: invalidToken("The access token is not valid."),
  EXPIRED: invalidToken("The access token has expired; get a new one."),
  EXPIRES_TOO_LATE: invalidToken("The access token's exp must be in seconds, and within 366 days from now."),
  SUBJECT: invalidToken(
    "The access token's sub must be a string of 1 to 255 printable ASCII characters, without a space at an end.",
  ),
  KEYS_UNAVAILABLE,
};
