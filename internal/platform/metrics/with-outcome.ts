import type { Result } from "../result/result.ts";

/**
 * Runs `work`, and tells `note` how long (s) it took and what came of it, as the label of a metric has it:
 * what `named` says of a value (`ok` unless told), the code of an error in lower case, `internal` for what is
 * thrown.
 */
export async function withOutcome<T, E extends { readonly code: string }>(
  work: () => Promise<Result<T, E>>,
  note: (outcome: string, seconds: number) => void,
  named: (value: T) => string = () => "ok",
): Promise<Result<T, E>> {
  const startedAt = performance.now();
  let outcome = "internal";
  try {
    const result = await work();
    outcome = result.ok ? named(result.value) : result.error.code.toLowerCase();
    return result;
  } finally {
    note(outcome, (performance.now() - startedAt) / 1000);
  }
}
