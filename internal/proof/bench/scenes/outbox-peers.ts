import { type Figure, median } from "../figure.ts";
import { drainByOutboxPeer, OUTBOX_PEERS, outboxPeersInstalled } from "../outbox-peer.ts";
import type { Profile } from "../profile.ts";
import type { Stage } from "../stage.ts";
import { drainOnce, WINDOW } from "./drain.ts";

/** What was asked for; and what part of the broker's own limit is asked for where that lies below. */
const TIMES = 3;
const SHARE_OF_CEILING = 0.8;

/**
 * The relay beside job queues that drain the same backlog with the same publisher
 * and keep the same promise: the order of each cart. `ceiling` is what the broker
 * takes from a bare sender, in events a second: it bounds everybody. They know PostgreSQL alone.
 */
export async function besideOutboxPeers(stage: Stage, profile: Profile, ceiling: number): Promise<Figure[]> {
  if (stage.database.dialect !== "postgres") {
    console.log("  - the relay beside job queues: they need PostgreSQL, not measured");
    return [];
  }
  if (!outboxPeersInstalled())
    throw new Error("the peers are not installed: npm ci --prefix internal/proof/bench/outbox-peers");
  const { drain, peerRounds } = profile;
  const ours: number[] = [];
  const theirs = new Map(OUTBOX_PEERS.map((peer) => [peer, [] as number[]]));
  for (let round = 0; round < peerRounds; round++) {
    ours.push((await drainOnce(stage, drain)).perSecond);
    for (const peer of OUTBOX_PEERS)
      theirs.get(peer)!.push(await drainByOutboxPeer(stage, peer, drain, true));
  }
  const common = { what: `relay, drain of ${drain} events`, unit: "events/s" };
  const details = { events: drain, window: WINDOW, ceiling };
  const figures = [...theirs].map(([peer, baseline]): Figure => {
    const reachable = ceiling / median(baseline);
    const least = Math.min(TIMES, Math.round(SHARE_OF_CEILING * reachable * 100) / 100);
    return {
      ...common,
      id: `relay-${peer}`,
      against: `${peer}, per cart in order`,
      bound: { least },
      ...(least < TIMES && {
        note: `at least ${TIMES} was asked; a bare sender without a database reaches ${reachable.toFixed(2)}: the broker's limit`,
      }),
      ours,
      baseline,
      details: { ...details, reachable },
    };
  });
  if (!profile.unordered) return figures;
  for (const peer of OUTBOX_PEERS) {
    figures.push({
      ...common,
      id: `relay-${peer}-unordered`,
      against: `${peer}, in any order`,
      bound: null,
      note: "informs: whoever keeps no order has less to do",
      ours: [median(ours)],
      baseline: [await drainByOutboxPeer(stage, peer, drain, false)],
      details,
    });
  }
  return figures;
}
