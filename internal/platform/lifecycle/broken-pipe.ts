/**
 * For a command whose output may go to `head`: a reader who
 * has seen enough ends it, with 0 and without a stack.
 */
export function endOnBrokenPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}
