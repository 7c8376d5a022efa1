import type { ServerResponse } from "node:http";
import { CATALOGUE, type ProblemCode } from "./catalogue.ts";

/** One thing wrong with the input: where, and what to do about it. */
export interface FieldFault {
  /** A body field (`quantity`), a header (`If-Match`), a path parameter (`productId`) or `body`. */
  readonly field: string;
  readonly message: string;
}

/** A failure on its way to a client. */
export interface Problem {
  readonly code: ProblemCode;
  /** What happened this time and how to fix it; never a stack, a secret or an upstream's text. */
  readonly detail: string;
  readonly errors?: readonly FieldFault[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** A problem about one field of the input. */
export function invalid(field: string, message: string): Problem {
  return { code: "INVALID_REQUEST", detail: `${field}: ${message}`, errors: [{ field, message }] };
}

/** Carries a {@link Problem} through Express middleware that can only throw. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "ProblemError";
    this.problem = problem;
  }
}

/** `problem` as an RFC 9457 document: its status and its text. */
export function renderProblem(instance: string, problem: Problem): { status: number; text: string } {
  const { status, title } = CATALOGUE[problem.code];
  const text = JSON.stringify({
    type: `urn:cartwright:problem:${problem.code.toLowerCase().replaceAll("_", "-")}`,
    title,
    status,
    code: problem.code,
    detail: problem.detail,
    instance,
    ...(problem.errors?.[0] && { field: problem.errors[0].field, errors: problem.errors }),
  });
  return { status, text };
}

/**
 * Writes `problem` as `application/problem+json`; does nothing once headers are out, but ends the response.
 */
export function sendProblem(res: ServerResponse, instance: string, problem: Problem): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const { status, text } = renderProblem(instance, problem);
  res.writeHead(status, {
    ...problem.headers,
    "content-type": "application/problem+json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
  });
  res.end(text);
}
