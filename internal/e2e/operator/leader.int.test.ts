import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { type ApiScene, openApiScene } from "../../testkit/kube/api-scene.ts";
import { type OperatorProcess, startOperator } from "../../testkit/kube/operator-process.ts";
import { metricsOf } from "../../testkit/processes/metrics-page.ts";
import { processRegistries } from "../../testkit/processes/registries.ts";
import { openShop, type Shop } from "./shop.ts";

const LEASE_S = 12;
/** A rival may see the last renewal a third of the lease late; the rest is for a slow machine. */
const TAKEN_OVER = { timeoutMs: LEASE_S * 1_000 * (4 / 3) + 30_000, intervalMs: 50 };

describe("Two operators of one release", function () {
  this.timeout(400_000);
  let scene: ApiScene;
  let shop: Shop;
  let operators: OperatorProcess[] = [];

  before(async function () {
    const opened = await openApiScene();
    if (opened === null) return this.skip();
    scene = opened;
    shop = await openShop(scene);
  });
  after(() => scene?.close());
  beforeEach(async () => {
    operators = [await start("one"), await start("two")];
  });
  afterEach(async () => {
    for (const operator of operators) {
      operator.signal("SIGCONT");
      await operator.end("SIGTERM");
    }
  });

  const start = (identity: string) =>
    startOperator({
      config: scene.server.admin(),
      namespace: scene.namespace,
      identity,
      leaseSeconds: LEASE_S,
    });
  async function roles(): Promise<{ leader: OperatorProcess; rival: OperatorProcess }> {
    return eventually("one of them leads", async () => {
      const leads = await Promise.all(operators.map((each) => each.leads()));
      if (leads.filter(Boolean).length !== 1) return null;
      const leader = operators[leads.indexOf(true)]!;
      return { leader, rival: operators.find((each) => each !== leader)! };
    });
  }
  const takesOver = (rival: OperatorProcess) =>
    eventually("the other leads", () => rival.leads(), TAKEN_OVER);
  /** What it did that may change something; its looks at the lease are none. */
  const writes = async (operator: OperatorProcess) =>
    (await operator.calls()).filter(({ verb }) => !["get", "list", "watch"].includes(verb));

  it("export exactly the metrics that k8s/metrics.md has of an operator", async () => {
    const { leader } = await roles();
    const exported = [...(await leader.metrics()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    const described = metricsOf(processRegistries().get("operator")!).map(({ name }) => name);
    expect(exported).to.have.members(described);
  });

  it("the leader is killed: the other takes over within the lease and goes on with the work", async () => {
    const { leader, rival } = await roles();
    await leader.end("SIGKILL");
    await takesOver(rival);
    shop.figures.dead = 7;
    await shop.seen("the new leader reports", ({ deadEvents }) => deadEvents === 7);
  });

  it("the leader stands still: the other takes over, and the first writes nothing when it wakes", async () => {
    const { leader, rival } = await roles();
    const before = await writes(leader);
    leader.signal("SIGSTOP");
    await takesOver(rival);
    // Were it to act on what it knew, it would do so now.
    shop.figures.dead = 8;
    shop.figures.behind = 2;
    await shop.seen("the new leader scales", ({ relays }) => relays === 2);
    leader.signal("SIGCONT");
    await eventually("the first notices", () =>
      leader.lines().some(({ msg }) => msg === "no longer leading"),
    );
    shop.figures.dead = 9;
    await shop.seen("the new leader reports", ({ deadEvents }) => deadEvents === 9);
    expect(await writes(leader)).to.deep.equal(before);
  });

  it("the leader is told to stop: it gives the lease back, and the other need not wait for its end", async () => {
    const { leader, rival } = await roles();
    await leader.end("SIGTERM");
    const path = scene.path("coordination.k8s.io/v1/leases/cartwright-operator");
    const { spec } = await scene.client.get<{ spec: { holderIdentity?: string } }>(path);
    expect(spec.holderIdentity ?? "").to.be.oneOf(["", rival.identity]);
    await takesOver(rival);
  });
});
