import pg from "pg";
import { allPublished, emptyQueue, fillOutbox } from "../events.ts";
import { alternate, type Figure } from "../figure.ts";
import { drainByPeer, PEERS, peersInstalled } from "../peer.ts";
import type { Profile } from "../profile.ts";
import type { Stage } from "../stage.ts";

const WINDOW = 128;

/** The relay's drain of a backlog beside a bare sender, beside other outboxes, and at its end beside its beginning. */
export async function relayScene(stage: Stage, profile: Profile): Promise<Figure[]> {
  const { rounds, drain } = profile;
  // Broker and database do not fit one core: they, not the contender, would be measured.
  stage.spread();
  await keepQueueShort(stage);
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
  if (!peersInstalled()) throw new Error("the peers are not installed: npm ci --prefix scripts/bench/peers");
  for (const peer of PEERS) {
    const { a, b } = await alternate(
      Math.min(rounds, 3),
      () => drainOnce(stage, drain).then(({ perSecond }) => perSecond),
      () => drainByPeer(stage, peer, profile.peerDrain),
    );
    figures.push({
      id: `relay-${peer}`,
      what: "relay, drain",
      against: `${peer} with the same publisher`,
      unit: "events/s",
      bound: { least: 3 },
      ours: a,
      baseline: b,
      details: { events: drain, peerEvents: profile.peerDrain, window: WINDOW },
    });
  }
  return figures;
}

/** A queue that only grows slows the broker down, whoever sends: it keeps a thousand messages and drops older ones. */
async function keepQueueShort(stage: Stage): Promise<void> {
  const policy = {
    pattern: "^cart\\.events\\.demo$",
    "apply-to": "queues",
    definition: { "max-length": 1_000 },
  };
  await stage.rabbit.manage("PUT", "policies/%2F/bench", policy);
}

/** Drains a backlog with one relay process; timed by the database, from the first mark to the last. */
async function drainOnce(stage: Stage, count: number) {
  await fillOutbox(stage, count);
  const client = new pg.Client({ connectionString: stage.postgres.url });
  await client.connect();
  const relay = await stage.product("outbox-relay", { RELAY_WINDOW: String(WINDOW) });
  try {
    await allPublished(stage);
    const { rows } = await client.query<{ at: number[] }>(
      `SELECT percentile_disc(ARRAY[0, 0.1, 0.9, 1]) WITHIN GROUP (ORDER BY extract(epoch FROM published_at)::float8) AS at
         FROM outbox_event`,
    );
    const [first, tenth, ninth, last] = rows[0]!.at as [number, number, number, number];
    return {
      perSecond: count / (last - first),
      firstTenth: count / 10 / (tenth - first),
      lastTenth: count / 10 / (last - ninth),
    };
  } finally {
    await relay.kill("SIGTERM");
    await client.end();
  }
}
