/** The longest that one metric may hold up a scrape, in ms: after 10 s Prometheus does without them all. */
export const SCRAPE_WAIT_MS = 2_000;

/**
 * What is measured for a scrape, or null when that takes too long for it: it then goes on, and its outcome
 * is let go. Rejects as the measuring does.
 */
export async function inTimeForScrape<T>(measuring: Promise<T>): Promise<T | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), SCRAPE_WAIT_MS);
  try {
    return await Promise.race([measuring, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
