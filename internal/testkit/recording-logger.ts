import { type Logger, pino } from "pino";

/** A logger that keeps its lines instead of printing them. */
export function recordingLogger(): { log: Logger; lines: { level: string; [field: string]: unknown }[] } {
  const lines: { level: string; [field: string]: unknown }[] = [];
  const log = pino(
    { level: "trace", formatters: { level: (label) => ({ level: label }) } },
    { write: (line: string) => lines.push(JSON.parse(line)) },
  );
  return { log, lines };
}
