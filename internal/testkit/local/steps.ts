/** Runs one step of a command, showing what it does and how long it took. */
export async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const interactive = process.stdout.isTTY;
  if (interactive) process.stdout.write(`  … ${what}`);
  try {
    const result = await work();
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    process.stdout.write(`${interactive ? "\r" : ""}  ✓ ${what.padEnd(44)} ${seconds.padStart(5)} s\n`);
    return result;
  } catch (error) {
    process.stdout.write(`${interactive ? "\r" : ""}  ✗ ${what}\n`);
    throw error;
  }
}

/** Prints the reason and ends the command with 1; for faults that a user can mend. */
export function fail(error: unknown): never {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
