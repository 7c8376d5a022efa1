import type { DestinationStream } from "pino";

/** How many bytes may wait for a reader of stdout who does not read. */
const MOST_WAITING_BYTES = 1_048_576;

/**
 * Standard output as the place of a log: writing neither blocks nor throws nor holds up the exit, whether its
 * reader is slow, hangs or is gone. Lines beyond `mostWaiting` bytes are left out, and counted once there is
 * room again. pino's own destination retries a closed pipe for ever at the exit, and a full one meanwhile.
 */
export function openLogStream(
  out: Pick<NodeJS.WriteStream, "write" | "writableLength" | "on" | "listeners"> = process.stdout,
  mostWaiting = MOST_WAITING_BYTES,
): DestinationStream {
  if (!out.listeners("error").includes(ignore)) out.on("error", ignore);
  let leftOut = 0;
  return {
    write: (line) => {
      if (out.writableLength > mostWaiting) {
        leftOut++;
        return;
      }
      if (leftOut > 0) out.write(noteOf(leftOut));
      leftOut = 0;
      out.write(line);
    },
  };
}

/** A log that cannot be written is no reason to end, and there is nowhere to say so. */
function ignore(): void {}

function noteOf(leftOut: number): string {
  const msg = "lines were left out: nobody read the log";
  return `${JSON.stringify({ level: "warn", time: new Date().toISOString(), leftOut, msg })}\n`;
}
