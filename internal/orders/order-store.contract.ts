import { describePlacing } from "./order-store-placing.contract.ts";
import { orderStoreScene } from "./order-store-scene.contract.ts";
import { describeTransitions } from "./order-store-transitions.contract.ts";
import { describeUnsettled } from "./order-store-unsettled.contract.ts";

/** What every order store must do; `url` gives the address of an empty, migrated database. */
export function describeOrderStore(name: string, url: () => Promise<string>): void {
  describe(`the orders in ${name}`, function () {
    this.timeout(60_000);
    const scene = orderStoreScene(url);
    describePlacing(scene);
    describeTransitions(scene);
    describeUnsettled(scene);
  });
}
