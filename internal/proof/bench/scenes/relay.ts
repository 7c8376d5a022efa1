import { emptyQueue } from "../events.ts";
import { alternate, type Figure, median } from "../figure.ts";
import type { Profile } from "../profile.ts";
import type { Stage } from "../stage.ts";
import { drainOnce, WINDOW } from "./drain.ts";
import { besideOutboxPeers } from "./outbox-peers.ts";

/**
 * The relay's drain of a backlog beside a bare sender, beside
 * other outboxes, and at its end beside its beginning.
 */
export async function relayScene(stage: Stage, profile: Profile): Promise<Figure[]> {
  const { rounds, drain } = profile;
  // Broker and database do not fit one core: they, not the contender, would be measured.
  stage.spread();
  const bareSender = async () => {
    await emptyQueue(stage);
    const env = { AMQP_URL: stage.rabbit.relayUrl, COUNT: String(drain), WINDOW: String(WINDOW) };
    return ((await stage.run("bare-sender", env)) as { perSecond: number }).perSecond;
  };
  const results = await alternate(
    Math.min(rounds, 3),
    () => drainOnce(stage, drain).then(({ perSecond }) => perSecond),
    bareSender,
  );
  const long = await drainOnce(stage, profile.longDrain);
  const figures: Figure[] = [
    {
      id: "relay",
      what: `relay, drain of ${drain} events`,
      against: "bare rhea sender, no database",
      unit: "events/s",
      bound: { least: 0.6 },
      ours: results.a,
      baseline: results.b,
      details: { window: WINDOW, events: drain },
    },
    {
      id: "relay-last-tenth",
      what: `relay, last tenth of ${profile.longDrain} events`,
      against: "the first tenth",
      unit: "events/s",
      bound: { least: 0.9 },
      ours: [long.lastTenth],
      baseline: [long.firstTenth],
      details: { events: profile.longDrain },
    },
  ];
  const ceiling = median(results.b);
  return [...figures, ...(await besideOutboxPeers(stage, profile, ceiling))];
}
