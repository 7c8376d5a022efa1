import { z } from "zod";
import type { Calls } from "../platform/http/calls.ts";
import { descriptionCall } from "../platform/http/openapi.ts";
import type { GatewayCode } from "./problems.ts";

const sessionSchema = z.object({
  accessToken: z.string().describe("a JWT for Authorization: Bearer"),
  tokenType: z.literal("Bearer"),
  expiresIn: z.int().describe("seconds until the access token expires"),
  refreshToken: z.string().describe("gets the next session at POST /api/session/refresh, and counts once"),
  refreshExpiresIn: z.int().describe("seconds until the session ends for good"),
  guestId: z.uuid(),
});

const refreshSchema = z.strictObject({
  refreshToken: z
    .string("must be the session's refresh token, a string")
    .max(1_024, "must be the session's refresh token, which is shorter"),
});

const SESSION = { name: "Session", schema: sessionSchema };
const LIMITED = ["RATE_LIMITED", "RATE_LIMIT_UNAVAILABLE", "INTERNAL"] as const;
const WITH_BODY = [
  "INVALID_REQUEST",
  "PAYLOAD_TOO_LARGE",
  "OUT_OF_BODY_MEMORY",
  "UNSUPPORTED_MEDIA_TYPE",
  "REQUEST_TIMEOUT",
] as const;

/** What the gateway answers itself, by `operationId`. */
export const GATEWAY_CALLS = {
  sessionOpen: {
    method: "post",
    path: "/api/session",
    summary: "Become a guest",
    isPublic: true,
    answers: [{ status: 201, description: "A new guest's tokens", body: SESSION }],
    problems: ["SESSION_STORE_UNAVAILABLE", ...LIMITED],
  },
  sessionRefresh: {
    method: "post",
    path: "/api/session/refresh",
    summary: "Get the next access token and refresh token",
    isPublic: true,
    body: refreshSchema,
    answers: [
      {
        status: 200,
        description: "The same guest's tokens; repeated soon enough, the same refresh token again",
        body: SESSION,
      },
    ],
    problems: ["UNAUTHENTICATED", "SESSION_STORE_UNAVAILABLE", ...WITH_BODY, ...LIMITED],
  },
  sessionRevoke: {
    method: "delete",
    path: "/api/session",
    summary: "End the session of a refresh token",
    isPublic: true,
    body: refreshSchema,
    answers: [
      {
        status: 204,
        description: "No refresh token of that session counts any more; access tokens do until they expire",
      },
    ],
    problems: ["SESSION_STORE_UNAVAILABLE", ...WITH_BODY, ...LIMITED],
  },
  apiDescription: {
    ...descriptionCall<GatewayCode>("/api/openapi.json", LIMITED),
    isPublic: true,
  },
} as const satisfies Calls<GatewayCode>;

/** What problems of the gateway have besides the members that all have. */
export const GATEWAY_MEMBERS = {
  "violated-policies": z.array(z.string()).describe("of RATE_LIMITED: the quotas that are used up"),
};
