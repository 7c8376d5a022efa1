import type { IncomingHttpHeaders } from "node:http";
import { PREFIX_HEADER } from "../../platform/http/refuse.ts";

/** Content codings that the catalog is told of; of others, and of weights, it hears nothing. */
const CODINGS = ["br", "gzip", "zstd"];

/** What differs from request to request and has no say in the answer: no part of the key of a shared call. */
export const NOT_IN_KEY = ["traceparent", "tracestate", "x-request-id"];

/** Of those that it has by now, what the gateway took off its path included, which is the same for all. */
const PASSED = ["accept", "accept-language", PREFIX_HEADER, ...NOT_IN_KEY];

/**
 * All that a request for an answer that everybody may share says to the catalog. Nothing in it tells who
 * asks, or under which name: an answer made for one host or client would be given to all.
 */
export function sharedHeaders(given: IncomingHttpHeaders): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of PASSED) {
    const value = given[name];
    if (typeof value === "string") headers[name] = value;
  }
  const codings = acceptedCodings(given["accept-encoding"]);
  if (codings !== undefined) headers["accept-encoding"] = codings;
  return headers;
}

/** In one order and spelling, so that as few variants as possible are fetched and kept. */
function acceptedCodings(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const accepted = `${header}`
    .toLowerCase()
    .split(",")
    .flatMap((part) => {
      const [name = "", ...parameters] = part.split(";").map((piece) => piece.trim());
      return parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter)) ? [] : name;
    });
  const known = CODINGS.filter((coding) => accepted.includes(coding));
  return known.length > 0 ? known.join(", ") : undefined;
}
