import { expect } from "chai";
import { jobNameOf, type RelayTemplate, replayJob } from "./replay-job.ts";
import type { OutboxReplay } from "./resource.ts";

const REPLAY: OutboxReplay = {
  kind: "OutboxReplay",
  metadata: { name: "all", uid: "01a21269", generation: 1 },
  spec: { selector: { all: true } },
};

describe("The Job of a replay", () => {
  it("runs where the relay may run, as who the relay is", () => {
    const where = { nodeSelector: { pool: "relays" }, tolerations: [{ key: "relays", operator: "Exists" }] };
    const identity = { serviceAccountName: "relay", automountServiceAccountToken: false };
    const relay: RelayTemplate = {
      spec: { ...identity, ...where, containers: [{ name: "outbox-relay", image: "cartwright:1" }] },
    };
    const job = replayJob(REPLAY, relay, "shop") as { spec: { template: { spec: object } } };
    expect(job.spec.template.spec).to.deep.include({ ...identity, ...where });
  });

  it("has a valid name, wherever the dots of the replay's name are", () => {
    const named = (name: string) => jobNameOf({ ...REPLAY, metadata: { ...REPLAY.metadata, name } });
    expect(named(`${"a".repeat(39)}.b`)).to.equal(`replay-${"a".repeat(39)}-01a21269`);
    expect(named("all.dead")).to.equal("replay-all.dead-01a21269");
  });

  it("escapes what Kubernetes would expand in its arguments", () => {
    const selector = { errorContains: "$(DATABASE_URL) costs $$5$", type: "cart.updated" };
    const relay: RelayTemplate = { spec: { containers: [{ name: "outbox-relay", image: "cartwright:1" }] } };
    const job = replayJob({ ...REPLAY, spec: { selector } }, relay, "shop") as {
      spec: { template: { spec: { containers: { args: string[] }[] } } };
    };
    expect(job.spec.template.spec.containers[0]!.args).to.deep.equal([
      "outbox-admin",
      "replay",
      "--type=cart.updated",
      "--error=$$(DATABASE_URL) costs $$$$5$$",
    ]);
  });
});
