import pg from "pg";
import { allPublished, fillOutbox } from "../events.ts";
import type { Stage } from "../stage.ts";

/** Most events in flight at the broker, of the relay and of a bare sender. */
export const WINDOW = 128;

/** Drains a backlog with one relay process; timed by the database, from the first mark to the last. */
export async function drainOnce(stage: Stage, count: number) {
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
