/**
 * For a command whose output may go to `head`: a reader who
 * has seen enough ends it, with 0 and without a stack.
 */
export function endOnBrokenPipe(): void {
  onBrokenPipe(() => process.exit(0));
}

/** For a command that works and tells of it on the way: it finishes its work without a reader too. */
export function outliveBrokenPipe(): void {
  onBrokenPipe(() => {});
}

function onBrokenPipe(then: () => void): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      then();
    });
}
