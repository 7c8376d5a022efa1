import type { Express } from "express";
import { serveCalls } from "../platform/http/calls.ts";
import { jsonBody, validate } from "../platform/http/json-body.ts";
import { sendDocument } from "../platform/http/openapi.ts";
import type { IdentityVerifier } from "../platform/identity/internal-token.ts";
import { requireIdentity } from "../platform/identity/require-identity.ts";
import { answerTransition } from "./answer-transition.ts";
import type { OrderService } from "./order-service.ts";
import { refuse } from "./problems.ts";
import { SERVICE_CALLS, SERVICE_DOCUMENT, transitionBody } from "./service-calls.ts";

/** The largest request body in bytes: a status alone. */
const BODY_LIMIT = 8 * 1024;

/** The transitions of orders, for services that have an internal token of their own. */
export function orderServiceRoutes(
  app: Express,
  parts: { service: OrderService; identity: IdentityVerifier },
): void {
  const { service, identity } = parts;
  serveCalls(app, SERVICE_CALLS, {
    serviceDescription: sendDocument(SERVICE_DOCUMENT),
    orderTransition: [
      requireIdentity(identity, ["service"]),
      jsonBody(BODY_LIMIT),
      (req, res) => {
        const fields = validate(transitionBody, req.body);
        if (!fields.ok) return refuse(req, res, fields.error);
        return answerTransition(req, res, service, { to: fields.value.to, owner: null, sent: req.body });
      },
    ],
  });
}
