import type { RequestHandler } from "express";
import { refuseWith } from "../http/refuse.ts";
import type { Identity } from "./identity.ts";
import { IDENTITY_HEADER, type IdentityVerifier } from "./internal-token.ts";

const refuse = refuseWith<"UNAUTHENTICATED">();

/**
 * Lets through who comes with an internal token of one of the `kinds`; `res.locals.owner` then says who, and
 * `res.locals.identity` all that the token tells.
 */
export function requireIdentity(
  identity: IdentityVerifier,
  kinds: readonly Identity["kind"][],
): RequestHandler {
  const detail = kinds.includes("service")
    ? "This call answers only to services with an internal token of their own."
    : "This service answers only to the gateway.";
  return async (req, res, next) => {
    const token = req.headers[IDENTITY_HEADER];
    const verified = typeof token === "string" ? await identity.verify(token) : null;
    if (verified === null || !kinds.includes(verified.kind))
      return refuse(req, res, { code: "UNAUTHENTICATED", detail });
    res.locals.owner = verified.owner;
    res.locals.identity = verified;
    next();
  };
}
