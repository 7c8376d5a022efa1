/** What an error code means to a client. */
export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** It may come with Retry-After. */
  readonly retryAfter?: true;
}

/**
 * The error codes that clients of a feature can meet. Each feature declares its own, and
 * `createApp` is given those of what it serves: the only place where a code becomes a status.
 */
export type ProblemCatalogue = Readonly<Record<string, ProblemKind>>;

export type CodeOf<C extends ProblemCatalogue> = Extract<keyof C, string>;

/** What every HTTP server of ours can answer. */
export const HTTP_PROBLEMS = {
  INVALID_REQUEST: { status: 400, title: "The request is not valid" },
  NOT_FOUND: { status: 404, title: "No such resource" },
  METHOD_NOT_ALLOWED: { status: 405, title: "The method is not allowed here" },
  REQUEST_TIMEOUT: { status: 408, title: "The request took too long to arrive" },
  PAYLOAD_TOO_LARGE: { status: 413, title: "The request body is too large" },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: "The request body is not JSON" },
  EXPECTATION_FAILED: { status: 417, title: "This expectation is not met here" },
  TOO_MANY_CONNECTIONS: { status: 429, title: "Too many connections from one address", retryAfter: true },
  HEADERS_TOO_LARGE: { status: 431, title: "The request's headers are too large or too many" },
  INTERNAL: { status: 500, title: "Something went wrong on our side" },
  TRANSFER_CODING_NOT_SUPPORTED: { status: 501, title: "This transfer coding is not undone here" },
  OUT_OF_CONNECTIONS: { status: 503, title: "Too many connections", retryAfter: true },
  HTTP_VERSION_NOT_SUPPORTED: { status: 505, title: "This version of HTTP is not spoken here" },
} as const satisfies ProblemCatalogue;

export type HttpCode = CodeOf<typeof HTTP_PROBLEMS>;

/** Several catalogues as one. Throws when a code would mean two things. */
export function mergeCatalogues(catalogues: readonly ProblemCatalogue[]): ProblemCatalogue {
  const merged: Record<string, ProblemKind> = {};
  for (const [code, kind] of catalogues.flatMap((catalogue) => Object.entries(catalogue))) {
    const known = merged[code];
    if (known && !isSame(known, kind))
      throw new Error(`the problem code ${code} is ${JSON.stringify(known)} and ${JSON.stringify(kind)}`);
    merged[code] = kind;
  }
  return merged;
}

const isSame = (a: ProblemKind, b: ProblemKind) =>
  a.status === b.status && a.title === b.title && a.retryAfter === b.retryAfter;
