import { join } from "node:path";
import { userToken } from "../../../testkit/processes/dev-keys.ts";
import { allPublished } from "../events.ts";
import { addsThroughGateway, openFullPath } from "../full-path.ts";
import type { Request } from "../http-load.ts";
import type { Stage } from "../stage.ts";
import { ask, type Shop } from "./shop.ts";

/** Ours, through the gateway: three processes on the core on which each other shop has one. */
export async function openCartwright(stage: Stage): Promise<Shop> {
  // A measured cart grows all the time.
  const path = await openFullPath(stage, { settings: { CART_MAX_QUANTITY: "1000000" } });
  const keys = join(stage.dir, "keys");
  let shoppers = 0;
  return {
    name: "Cartwright",
    url: path.url,
    parts: path.parts,
    openCart: async () => {
      const [add] = addsThroughGateway([await userToken(keys, `beside-peers-${shoppers++}`)], 1) as [Request];
      await ask(path.url, add);
      return {
        add,
        accepted: (status) => status === 200,
        held: async () => {
          const read = { method: "GET" as const, path: "/api/cart", headers: add.headers! };
          const { items } = await ask<{ items: { quantity: number }[] }>(path.url, read);
          return items.reduce((sum, { quantity }) => sum + quantity, 0);
        },
      };
    },
    settled: () => allPublished(stage),
    stop: () => path.stop(),
  };
}
