import type { ServerResponse } from "node:http";
import type { CodeOf, HttpCode, ProblemCatalogue } from "./catalogue.ts";

/** One thing wrong with the input: where, and what to do about it. */
export interface FieldFault {
  /** A body field (`quantity`), a header (`If-Match`), a path parameter (`productId`) or `body`. */
  readonly field: string;
  readonly message: string;
}

/** A failure on its way to a client; by default one that every HTTP server has. */
export interface Problem<Code extends string = HttpCode> {
  readonly code: Code;
  /** What happened this time and how to fix it; never a stack, a secret or an upstream's text. */
  readonly detail: string;
  readonly errors?: readonly FieldFault[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the document, as RFC 9457 section 3.2 allows. */
  readonly members?: Readonly<Record<string, unknown>>;
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
export function renderProblem<C extends ProblemCatalogue>(
  catalogue: C,
  instance: string,
  problem: Problem<CodeOf<C>>,
): { status: number; text: string } {
  const kind = catalogue[problem.code];
  if (kind === undefined) throw new Error(`the problem code ${problem.code} is in no catalogue given here`);
  const { status, title } = kind;
  const text = JSON.stringify({
    type: `urn:cartwright:problem:${problem.code.toLowerCase().replaceAll("_", "-")}`,
    title,
    status,
    code: problem.code,
    detail: problem.detail,
    instance,
    ...(problem.errors?.[0] && { field: problem.errors[0].field, errors: problem.errors }),
    ...problem.members,
  });
  return { status, text };
}

/**
 * Writes `problem` as `application/problem+json`; does nothing once headers are out, but ends the response.
 * Throws, with nothing written, when the catalogue does not know the code.
 */
export function sendProblem<C extends ProblemCatalogue>(
  res: ServerResponse,
  catalogue: C,
  instance: string,
  problem: Problem<CodeOf<C>>,
): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const { status, text } = renderProblem(catalogue, instance, problem);
  res.writeHead(status, {
    ...problem.headers,
    "content-type": "application/problem+json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
  });
  res.end(text);
}
