import { emptyRedis } from "./carts-in-redis.ts";
import { emptyOutbox } from "./events.ts";
import type { Figure } from "./figure.ts";
import type { Profile } from "./profile.ts";
import { bytesScene } from "./scenes/bytes.ts";
import { cartScene } from "./scenes/cart.ts";
import { catalogScene } from "./scenes/catalog.ts";
import { checkoutScene } from "./scenes/checkout.ts";
import { forwarderScene } from "./scenes/forwarder.ts";
import { gatewayScene } from "./scenes/gateway.ts";
import { latencyScene } from "./scenes/latency.ts";
import { limitsScene } from "./scenes/limits.ts";
import { mergeScene } from "./scenes/merge.ts";
import { pathScene } from "./scenes/path.ts";
import { peersScene } from "./scenes/peers.ts";
import { recoveryScene } from "./scenes/recovery.ts";
import { relayScene } from "./scenes/relay.ts";
import { replicasScene } from "./scenes/replicas.ts";
import { scaleScene } from "./scenes/scale.ts";
import { tracesScene } from "./scenes/traces.ts";
import type { Stage } from "./stage.ts";

/** What is measured, in the order of the report. */
export const scenes: Record<string, (stage: Stage, profile: Profile) => Promise<Figure[]>> = {
  path: pathScene,
  replicas: replicasScene,
  cart: cartScene,
  checkout: checkoutScene,
  merge: mergeScene,
  gateway: gatewayScene,
  catalog: catalogScene,
  limits: limitsScene,
  traces: tracesScene,
  forwarder: forwarderScene,
  scale: scaleScene,
  bytes: bytesScene,
  // Before the relay's, which leaves the database much to tidy up.
  latency: latencyScene,
  recovery: recoveryScene,
  relay: relayScene,
  peers: peersScene,
};

/** Measured only where ONLY= names it: it installs a gigabyte. */
const ON_REQUEST: readonly string[] = ["peers"];

/** What is measured where nothing is chosen. */
export const usualScenes: readonly string[] = Object.keys(scenes).filter(
  (name) => !ON_REQUEST.includes(name),
);

/**
 * Gives a scene the stage as it was at first: what another has
 * left in Redis, outbox and queue must not burden it.
 */
export async function beginScene(stage: Stage): Promise<void> {
  stage.separate();
  await emptyRedis(stage.redis.url);
  await emptyOutbox(stage);
  await stage.database.checkpoint();
}
