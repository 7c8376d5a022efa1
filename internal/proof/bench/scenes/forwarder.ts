import { emptyOutbox } from "../events.ts";
import { alternate, type Figure } from "../figure.ts";
import type { Profile } from "../profile.ts";
import type { Stage } from "../stage.ts";

/** The forwarder, from Redis streams to SQL, beside inserting the same events without Redis. */
export async function forwarderScene(stage: Stage, profile: Profile): Promise<Figure[]> {
  const run = (mode: "forwarder" | "insert") => async () => {
    await emptyOutbox(stage);
    const env = {
      MODE: mode,
      COUNT: String(profile.forward),
      REDIS_URL: stage.redis.url,
      DATABASE_URL: stage.database.url,
    };
    return ((await stage.run("forwarder", env)) as { perSecond: number }).perSecond;
  };
  const { a, b } = await alternate(Math.min(profile.rounds, 3), run("forwarder"), run("insert"));
  return [
    {
      id: "forwarder",
      what: "forwarder, staged events to SQL",
      against: "a multi-row insert loop, no Redis",
      unit: "events/s",
      bound: { least: 0.6 },
      ours: a,
      baseline: b,
      details: { events: profile.forward, insertedAtOnce: 500 },
    },
  ];
}
