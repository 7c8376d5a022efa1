import { z } from "zod";

/** A whole number written in decimal digits, within [min, max]. */
export function integer(min: number, max: number) {
  return z
    .string()
    .regex(/^-?\d{1,16}$/, `must be a whole number between ${min} and ${max}`)
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));
}

/** A TCP port; 0 asks the system for a free one. */
export const port = () => integer(0, 65_535);

/** A duration in milliseconds, at most a day unless told otherwise. */
export const milliseconds = (min = 1, max = 86_400_000) => integer(min, max);

/**
 * An absolute URL with one of `protocols` (each with its colon). The value
 * itself is never repeated in the message: it may hold a password.
 */
export function url(...protocols: string[]) {
  return z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), {
    message: `must be a URL starting with ${protocols.map((p) => `${p}//`).join(" or ")}`,
  });
}

/** A currency by ISO 4217, the euro unless told otherwise. */
export const currency = () =>
  z
    .string()
    .regex(/^[A-Z]{3}$/, "must be a currency of three capital letters")
    .default("EUR");

/** A shared secret of at least 32 bytes. */
export const secret = () =>
  z.string().refine((value) => Buffer.byteLength(value) >= 32, "must be at least 32 bytes long");

/** Settings every service has: where it listens, what it logs, how long it may take to stop. */
export const serviceFields = {
  HOST: z.string().min(1).default("0.0.0.0").describe("the address to listen on"),
  ADMIN_PORT: port().describe("port of `/healthz`, `/readyz` and `/metrics`; 0 takes a free one"),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal"])
    .default("info")
    .describe("the least level that is logged"),
  SHUTDOWN_DELAY_MS: milliseconds(0, 60_000)
    .default(0)
    .describe("ms from being unready to closing anything, for load balancers to notice"),
  SHUTDOWN_DEADLINE_MS: milliseconds(100, 300_000)
    .default(10_000)
    .describe("ms for closing everything, after which the process exits with work undone"),
  OTEL_EXPORTER_OTLP_ENDPOINT: url("http:", "https:")
    .optional()
    .describe(
      "where spans go, by OTLP over HTTP: a collector such as `http://collector:4318`; without it none are made",
    ),
  OTEL_SDK_DISABLED: z
    .enum(["true", "false"])
    .default("false")
    .describe("`true` makes no spans whatever the endpoint"),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0(\.\d{1,6})?|1(\.0{1,6})?)$/, "must be a number from 0 to 1, such as 0.01")
    .transform(Number)
    .default(1)
    .describe(
      "the share of traces that is recorded, of those that begin here; a caller that records its trace is followed",
    ),
};
