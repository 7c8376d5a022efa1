import { describeAppends } from "./store-appends.contract.ts";
import { describeDead } from "./store-dead.contract.ts";
import { describeLeases } from "./store-leases.contract.ts";
import { describePending } from "./store-pending.contract.ts";
import { type OutboxBench, outboxScene } from "./store-scene.contract.ts";

/** What every outbox store must do. */
export function describeOutboxStore(name: string, bench: OutboxBench): void {
  describe(`the outbox in ${name}`, function () {
    this.timeout(60_000);
    const scene = outboxScene(bench);
    describeAppends(scene);
    describePending(scene);
    describeDead(scene);
    describeLeases(scene);
  });
}
