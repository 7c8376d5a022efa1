import type { Forwarder } from "./forwarder.ts";
import type { StagingArea } from "./staging.ts";

/**
 * One sweep: forwards the shards whose oldest staged event is older than
 * `olderThanMs`: the process that staged it died, or the database was away
 * when it tried. Younger ones are left to the process that staged them.
 */
export async function sweepStaged(
  staging: StagingArea,
  forwarder: Pick<Forwarder, "forward">,
  olderThanMs: number,
): Promise<void> {
  const { oldestAt, now } = await staging.backlog();
  const stuck = oldestAt.flatMap((at, shard) => (at !== null && now - at >= olderThanMs ? [shard] : []));
  if (stuck.length > 0) await forwarder.forward(stuck);
}
