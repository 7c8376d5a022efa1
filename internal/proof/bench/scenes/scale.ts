import type { Figure } from "../figure.ts";
import type { Profile } from "../profile.ts";
import type { Stage } from "../stage.ts";
import { largeCart } from "./large-cart.ts";
import { liveCarts } from "./live-carts.ts";

/** How one add feels in a large cart and in a full store. */
export async function scaleScene(stage: Stage, profile: Profile): Promise<Figure[]> {
  return [await largeCart(stage, profile), ...(await liveCarts(stage, profile))];
}
