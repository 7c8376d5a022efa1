import type { Figure } from "./figure.ts";
import type { Profile } from "./profile.ts";
import { cartScene } from "./scenes/cart.ts";
import { forwarderScene } from "./scenes/forwarder.ts";
import { gatewayScene } from "./scenes/gateway.ts";
import { latencyScene } from "./scenes/latency.ts";
import { relayScene } from "./scenes/relay.ts";
import { scaleScene } from "./scenes/scale.ts";
import type { Stage } from "./stage.ts";

/** What is measured, in the order of the report. */
export const scenes: Record<string, (stage: Stage, profile: Profile) => Promise<Figure[]>> = {
  cart: cartScene,
  gateway: gatewayScene,
  forwarder: forwarderScene,
  scale: scaleScene,
  // Before the relay's, which leaves the database much to tidy up.
  latency: latencyScene,
  relay: relayScene,
};
