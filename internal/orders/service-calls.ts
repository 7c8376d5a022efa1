import { z } from "zod";
import type { Calls } from "../platform/http/calls.ts";
import { descriptionCall, type OpenApiDocument, openApiDocument } from "../platform/http/openapi.ts";
import { IDENTITY_HEADER } from "../platform/identity/internal-token.ts";
import { EVERY_CALL, ID, KEY, MEMBERS, status, TRANSITIONED, WITH_BODY } from "./calls.ts";
import { ORDER_PROBLEMS, type OrderCode } from "./problem-codes.ts";

export const transitionBody = z.strictObject({ to: status }, { error: "must be a JSON object" });

/** For services with an internal token of their own, past the gateway; no part of the public API. */
export const SERVICE_CALLS = {
  serviceDescription: {
    // Below no path of the gateway's table.
    ...descriptionCall<OrderCode>("/services/openapi.json", ["INTERNAL"]),
    isPublic: true,
  },
  orderTransition: {
    method: "post",
    path: "/orders/{id}/transitions",
    summary: "Move an order to its next status",
    parameters: [ID, KEY],
    body: transitionBody,
    answers: [TRANSITIONED],
    problems: [...EVERY_CALL, ...WITH_BODY, "ORDER_NOT_FOUND", "ORDER_STATE", "IDEMPOTENCY_KEY_REUSED"],
  },
} as const satisfies Calls<OrderCode>;

/** What services can do with orders. */
export const SERVICE_DOCUMENT: OpenApiDocument = openApiDocument({
  title: "Cartwright orders, for services with an internal token",
  server: "/",
  apis: [{ calls: SERVICE_CALLS, problems: ORDER_PROBLEMS, members: MEMBERS }],
  tokenHeader: IDENTITY_HEADER,
});
