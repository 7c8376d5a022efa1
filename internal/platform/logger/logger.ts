import { type Logger, pino } from "pino";

export type { Logger };

/**
 * A JSON logger on stdout: one line per event, named after the process. Known secret fields
 * are redacted as a last line of defence; code must not log them in the first place.
 */
export function createLogger(name: string, level: string): Logger {
  return pino({
    name,
    level,
    base: { name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: ["*.authorization", "*.password", "*.secret", "*.token", "*.accessToken"],
      censor: "[redacted]",
    },
    serializers: { err: pino.stdSerializers.errWithCause },
  });
}
