import { expect } from "chai";
import { recordingLogger } from "../testkit/recording-logger.ts";
import { OrderStoreUnavailable } from "./order-store.ts";
import { createReachStore } from "./reach-store.ts";

const UNAVAILABLE = { ok: false, error: { code: "ORDER_STORE_UNAVAILABLE" } };
const fails = (error: Error) => () => Promise.reject(error);

describe("Reaching the order store", () => {
  it("gives what it answers, and an outcome when it is away, logged when that begins and when it ends", async () => {
    const { log, lines } = recordingLogger();
    const reach = createReachStore({ timeoutMs: 1_000, log });
    expect(await reach(async () => 1)).to.deep.equal({ ok: true, value: 1 });
    for (let n = 0; n < 3; n++)
      expect(await reach(fails(new OrderStoreUnavailable("gone")))).to.deep.equal(UNAVAILABLE);
    for (let n = 0; n < 3; n++) await reach(async () => 2);
    expect(lines.map(({ level, msg }) => [level, msg])).to.deep.equal([
      ["warn", "the order store does not answer"],
      ["info", "the order store answers again"],
    ]);
  });

  it("waits for a silent one no longer than it may", async () => {
    const reach = createReachStore({ timeoutMs: 10, log: recordingLogger().log });
    expect(await reach(() => new Promise(() => {}))).to.deep.equal(UNAVAILABLE);
  });

  it("does not take a bug for an outage", async () => {
    const reach = createReachStore({ timeoutMs: 1_000, log: recordingLogger().log });
    const bug = new TypeError("x is not a function");
    expect(await reach(fails(bug)).catch((error: Error) => error)).to.equal(bug);
  });
});
