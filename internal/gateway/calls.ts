import { z } from "zod";
import type { Calls } from "../platform/http/calls.ts";
import { descriptionCall } from "../platform/http/openapi.ts";
import type { GatewayCode } from "./problems.ts";

const sessionSchema = z.object({
  accessToken: z.string().describe("a JWT for Authorization: Bearer"),
  tokenType: z.literal("Bearer"),
  expiresIn: z.int().describe("seconds"),
  guestId: z.uuid(),
});

/** What the gateway answers itself, by `operationId`. */
export const GATEWAY_CALLS = {
  sessionOpen: {
    method: "post",
    path: "/api/session",
    summary: "Become a guest",
    isPublic: true,
    answers: [
      { status: 201, description: "A new guest's token", body: { name: "Session", schema: sessionSchema } },
    ],
    problems: ["RATE_LIMITED", "RATE_LIMIT_UNAVAILABLE", "INTERNAL"],
  },
  apiDescription: {
    ...descriptionCall<GatewayCode>("/api/openapi.json", [
      "RATE_LIMITED",
      "RATE_LIMIT_UNAVAILABLE",
      "INTERNAL",
    ]),
    isPublic: true,
  },
} as const satisfies Calls<GatewayCode>;
