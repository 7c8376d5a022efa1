import type { Request, RequestHandler, Response } from "express";
import { parseJson, validate } from "../platform/http/json-body.ts";
import { type OpenApiDocument, sendDocument } from "../platform/http/openapi.ts";
import type { Result } from "../platform/result/result.ts";
import { GATEWAY_CALLS } from "./calls.ts";
import type { createBodyReader } from "./edge/read-body.ts";
import { type GatewayProblem, refuse } from "./problems.ts";
import type { Session, Sessions } from "./sessions/sessions.ts";
import type { OwnCall } from "./table.ts";

/** Serves the calls that the gateway answers itself. */
export function createOwnCalls(parts: {
  sessions: Sessions;
  document: OpenApiDocument;
  readBody: ReturnType<typeof createBodyReader>;
}): Readonly<Record<OwnCall, RequestHandler>> {
  const { sessions, readBody } = parts;

  /** The body's refresh token goes to `act`, and what comes of it to `answer`. */
  function withRefreshToken<T>(
    call: "sessionRefresh" | "sessionRevoke",
    act: (refreshToken: string) => Promise<Result<T, GatewayProblem>>,
    answer: (res: Response, value: T) => void,
  ): RequestHandler {
    return async (req, res) => {
      const bytes = await readBody(req, res);
      if (!bytes.ok) return refuse(req, res, bytes.error);
      const json = parseJson(req, bytes.value);
      if (!json.ok) return refuse(req, res, json.error);
      const body = validate(GATEWAY_CALLS[call].body, json.value);
      if (!body.ok) return refuse(req, res, body.error);
      settle(req, res, await act(body.value.refreshToken), answer);
    };
  }

  return {
    sessionOpen: async (req, res) => settle(req, res, await sessions.open(), (_, it) => give(res, 201, it)),
    sessionRefresh: withRefreshToken("sessionRefresh", sessions.refresh, (res, it) => give(res, 200, it)),
    sessionRevoke: withRefreshToken("sessionRevoke", sessions.revoke, (res) => void res.status(204).end()),
    apiDescription: sendDocument(parts.document),
  };
}

function give(res: Response, status: number, session: Session): void {
  res.status(status).json(session);
}

function settle<T>(
  req: Request,
  res: Response,
  result: Result<T, GatewayProblem>,
  answer: (res: Response, value: T) => void,
): void {
  if (result.ok) answer(res, result.value);
  else refuse(req, res, result.error);
}
