import { type DestinationStream, type Logger, pino } from "pino";
import { traceOfLogLine } from "../telemetry/telemetry.ts";
import { openLogStream } from "./log-stream.ts";
import { redactLine } from "./redact.ts";

export type { Logger };

/**
 * A JSON logger on stdout: one line per event, named after the process. Secrets are taken out of
 * every line as a last line of defence; code must not log them in the first place. A line
 * that is written on behalf of a traced request has its `traceId`.
 */
export function createLogger(
  name: string,
  level: string,
  destination: DestinationStream = openLogStream(),
): Logger {
  return pino(
    {
      name,
      level,
      base: { name, pid: process.pid },
      mixin: traceOfLogLine,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: redactLine },
      serializers: { err: pino.stdSerializers.errWithCause },
    },
    destination,
  );
}
