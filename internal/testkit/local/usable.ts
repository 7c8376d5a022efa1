import { setTimeout as delay } from "node:timers/promises";
import { redactText } from "../../platform/logger/redact.ts";

/** Why a server cannot be used, and whether only somebody's change will help. */
export interface Unusable {
  readonly reason: string;
  readonly lasting: boolean;
}

/** As long as a server that is just starting may take. */
const PATIENCE_MS = 15_000;
const PAUSE_MS = 500;

/**
 * Calls `attempt` until it finds the server of `variable` usable, which is null. Fails in one line, without
 * the password: at once where waiting cannot help, else after `patienceMs`, and then says for what it waits.
 */
export async function untilUsable(
  variable: string,
  attempt: () => Promise<Unusable | null>,
  { patienceMs = PATIENCE_MS, say = console.log as (line: string) => void } = {},
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (let said = false; ; said = true) {
    const unusable = await attempt();
    if (unusable === null) return;
    const reason = redactText(unusable.reason.replace(/\s+/g, " ").trim());
    if (unusable.lasting || performance.now() >= deadline)
      throw new Error(`${variable} names a server that cannot be used: ${reason}`);
    if (!said) say(`  … wait up to ${patienceMs / 1000} s for the server of ${variable} (${reason})`);
    await delay(PAUSE_MS);
  }
}
