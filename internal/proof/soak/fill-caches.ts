import { randomUUID } from "node:crypto";
import { issueGuestToken } from "../../gateway/identity/tokens.ts";
import { fixedKeyRing } from "../../platform/identity/key-ring.ts";
import { createHttpClient } from "../../testkit/http-client.ts";
import type { Platform } from "../../testkit/processes/platform.ts";

/** So many tokens each, gateway and cart remember: see authenticate.ts and internal-token.ts. */
export const CACHE_ENTRIES = 50_000;
const AT_ONCE = 32;
const PATIENCE_SECONDS = 3_600;

/**
 * Fills the caches of tokens to the brim, each with one look into the cart of a guest who never
 * comes back. They are bounded, but filling they look like a leak for as long as it takes 50,000
 * shoppers to come by. Views leave nothing in Redis. `progress` hears how many are done.
 */
export async function fillCaches(
  platform: Platform,
  entries: number,
  progress: (done: number) => void,
): Promise<void> {
  const keys = fixedKeyRing(platform.surroundings.sessionSecret);
  const client = createHttpClient(platform.gatewayUrl, AT_ONCE);
  let begun = 0;
  const look = async () => {
    while (begun++ < entries) {
      const token = await issueGuestToken(keys, randomUUID(), PATIENCE_SECONDS);
      const { status } = await client.call("GET", "/api/cart", { authorization: `Bearer ${token}` });
      if (status !== 200) throw new Error(`a guest's cart was answered ${status}`);
      progress(begun);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, look));
  } finally {
    client.close();
  }
}
