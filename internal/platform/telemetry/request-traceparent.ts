import { isTraceparent } from "../trace/traceparent.ts";
import { activeTraceparent } from "./telemetry.ts";

/** The `traceparent` of what a request leads to: that of our own span, else the caller's; or null. */
export function requestTraceparent(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): string | null {
  return activeTraceparent() ?? (isTraceparent(headers.traceparent) ? headers.traceparent : null);
}
