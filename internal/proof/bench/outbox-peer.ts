import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { emptyQueue } from "./events.ts";
import type { Stage } from "./stage.ts";

/** Job queues on PostgreSQL that people use as an outbox's relay. */
export const OUTBOX_PEERS = ["pg-boss", "graphile-worker"] as const;

const DIR = fileURLToPath(new URL("./outbox-peers/", import.meta.url));

export function outboxPeersInstalled(): boolean {
  return OUTBOX_PEERS.every((peer) => existsSync(`${DIR}node_modules/${peer}`));
}

/**
 * Has a peer publish `count` events through our publisher; returns events per second. `ordered` makes it
 * keep the order of each cart's events by its own means, which is checked; otherwise it keeps none.
 */
export async function drainByOutboxPeer(
  stage: Stage,
  peer: (typeof OUTBOX_PEERS)[number],
  count: number,
  ordered: boolean,
): Promise<number> {
  await emptyQueue(stage);
  const env = {
    PATH: process.env.PATH,
    DATABASE_URL: stage.database.url,
    AMQP_URL: stage.rabbit.relayUrl,
    COUNT: String(count),
    ORDERED: ordered ? "yes" : "no",
  };
  const { stdout } = await promisify(execFile)(process.execPath, [`${DIR}${peer}.ts`], { env });
  return (JSON.parse(stdout) as { perSecond: number }).perSecond;
}
