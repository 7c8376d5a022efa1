import type { Express, RequestHandler } from "express";
import { serveCalls } from "../../platform/http/calls.ts";
import { deadlineOf } from "../../platform/http/deadline.ts";
import { readIdempotencyKey } from "../../platform/http/idempotency-key.ts";
import { jsonBody, validate } from "../../platform/http/json-body.ts";
import { refusePreconditions } from "../../platform/http/no-preconditions.ts";
import type { Identity } from "../../platform/identity/identity.ts";
import type { IdentityVerifier } from "../../platform/identity/internal-token.ts";
import { requireIdentity } from "../../platform/identity/require-identity.ts";
import { invalid, type Problem } from "../../platform/problem/problem.ts";
import { requestTraceparent } from "../../platform/telemetry/request-traceparent.ts";
import type { CartCode } from "../problem-codes.ts";
import { problemOf, refuse } from "../problems.ts";
import { sendCart } from "../routes.ts";
import type { Merge, MergeError } from "./merge.ts";
import { MERGE_CALLS, mergeBody } from "./merge-calls.ts";

/** The largest request body in bytes: a token may have 8 KiB. */
const BODY_LIMIT = 16 * 1024;

/** `POST /cart/merge`. Whose cart the guest's token opens is the gateway's to say, in its own token. */
export function mergeRoutes(app: Express, merge: Merge, identity: IdentityVerifier): void {
  const answer: RequestHandler = async (req, res) => {
    const { owner: user, kind, guest } = res.locals.identity as Identity;
    if (kind !== "user") return refuse(req, res, GUEST_CALLS);
    const body = validate(mergeBody, req.body);
    if (!body.ok) return refuse(req, res, body.error);
    const conditions = refusePreconditions(req.headers, "a merge");
    if (!conditions.ok) return refuse(req, res, conditions.error);
    const key = readIdempotencyKey(req.headers);
    if (!key.ok) return refuse(req, res, key.error);
    if (guest === undefined) return refuse(req, res, UNREAD);
    const { strategy } = body.value;
    const traceparent = requestTraceparent(req.headers);
    const asked = { user, guest, strategy, idempotencyKey: key.value, traceparent };
    const result = await merge(asked, deadlineOf(req.headers));
    if (!result.ok) return refuse(req, res, mergeProblemOf(result.error));
    const { cart, lines, outboxState, replayed } = result.value;
    res.setHeader("outbox-state", outboxState);
    if (replayed) res.setHeader("idempotent-replayed", "true");
    sendCart(res, cart, { cart, lines });
  };
  const cartMerge = [requireIdentity(identity, ["user", "guest"]), jsonBody(BODY_LIMIT), answer];
  serveCalls(app, MERGE_CALLS, { cartMerge });
}

const GUEST_CALLS: Problem<CartCode> = {
  code: "FORBIDDEN",
  detail: "Only a signed-in user can take a guest's cart: send the user's token in Authorization.",
  errors: [{ field: "Authorization", message: "must be a user's access token" }],
};

/** The gateway reads what is plain JSON in UTF-8, whatever else this service could read. */
const UNREAD = invalid("guestToken", "could not be read by the gateway; send plain JSON in UTF-8");

function mergeProblemOf(error: MergeError): Problem<CartCode> {
  if (error.code !== "MERGE_CONFLICT") return problemOf(error);
  return {
    code: error.code,
    detail: "One of the two carts is being changed or ordered, so nothing was merged; please try again.",
    headers: { "retry-after": "1" },
  };
}
