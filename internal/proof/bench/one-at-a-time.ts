import { httpLoad } from "./http-load.ts";
import type { Profile } from "./profile.ts";

/** Sends the requests of a file one after the other; resolves with the median latency in us. */
export async function medianLatency(url: string, requestFile: string, profile: Profile): Promise<number> {
  return (await httpLoad({ url, requestFile, connections: 1, seconds: Math.max(2, profile.seconds / 2) }))
    .p50;
}
