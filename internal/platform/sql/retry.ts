import { setTimeout as delay } from "node:timers/promises";

/** Runs `work`, and again up to `times` more while it fails with what `transient` recognises; waits a random few ms between. */
export async function retrying<T>(
  work: () => Promise<T>,
  transient: (error: unknown) => boolean,
  times = 5,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= times || !transient(error)) throw error;
    }
    await delay(Math.random() * 10 * 2 ** attempt);
  }
}
