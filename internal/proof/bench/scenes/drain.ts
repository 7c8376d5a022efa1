import { connectTo } from "../../../testkit/servers/database.ts";
import { allPublished, fillOutbox } from "../events.ts";
import type { Stage } from "../stage.ts";

/** Most events in flight at the broker, of the relay and of a bare sender. */
export const WINDOW = 128;

/** Drains a backlog with one relay process; timed by the database, from the first mark to the last. */
export async function drainOnce(stage: Stage, count: number) {
  await fillOutbox(stage, count);
  const connection = connectTo(stage.database.url);
  /** When the `nth` mark was written, s. */
  const markedAt = async (nth: number) => {
    const rows = await connection.rows<{ published_at: Date }>(
      `SELECT published_at FROM outbox_event ORDER BY published_at OFFSET ${nth} ROWS FETCH NEXT 1 ROWS ONLY`,
    );
    return rows[0]!.published_at.getTime() / 1_000;
  };
  const relay = await stage.product("outbox-relay", { RELAY_WINDOW: String(WINDOW) });
  try {
    await allPublished(stage);
    const [first, tenth, ninth, last] = [
      await markedAt(0),
      await markedAt(count / 10),
      await markedAt((count / 10) * 9),
      await markedAt(count - 1),
    ];
    return {
      perSecond: count / (last - first),
      firstTenth: count / 10 / (tenth - first),
      lastTenth: count / 10 / (last - ninth),
    };
  } finally {
    await relay.kill("SIGTERM");
    await connection.close();
  }
}
