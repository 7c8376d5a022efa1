import type { Request, Response } from "express";
import type { HttpCode, ProblemCatalogue } from "../problem/catalogue.ts";
import { type Problem, sendProblem } from "../problem/problem.ts";

/** Answers a request with a problem, whose `instance` is the request's path. */
export type Refuse<Code extends string> = (req: Request, res: Response, problem: Problem<Code>) => void;

/**
 * A feature's way to refuse, for the codes of its catalogue: others do not compile. A code that the app
 * at hand was given no catalogue for is a bug, and answered as one.
 */
export function refuseWith<Code extends string>(): Refuse<Code | HttpCode> {
  return answer;
}

/** For the codes that every HTTP server has. */
export const refuse = refuseWith<HttpCode>();

function answer(req: Request, res: Response, problem: Problem<string>): void {
  try {
    sendProblem(res, req.app.locals.problems as ProblemCatalogue, instanceOf(req), problem);
  } catch (unknownCode) {
    // Not thrown on: whoever refuses may be called by an event, and not by Express.
    req.next!(unknownCode);
  }
}

/** What a gateway has taken off a path, and tells the services behind it. */
export const PREFIX_HEADER = "x-forwarded-prefix";
const PREFIX = /^(\/[a-z0-9-]{1,32}){1,4}$/;

/** The path that the client has asked for: that of the gateway, where one is before us. */
function instanceOf(req: Request): string {
  const prefix = req.app.locals.isBehindGateway === true ? req.headers[PREFIX_HEADER] : undefined;
  return typeof prefix === "string" && PREFIX.test(prefix) ? prefix + pathOf(req) : pathOf(req);
}

/** The request's path without its query: safe to log and to name in a problem's `instance`. */
export function pathOf(req: Request): string {
  const end = req.originalUrl.indexOf("?");
  return end < 0 ? req.originalUrl : req.originalUrl.slice(0, end);
}
