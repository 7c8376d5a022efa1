import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { type ApiScene, openApiScene } from "../../testkit/kube/api-scene.ts";
import { type OperatorProcess, startOperator } from "../../testkit/kube/operator-process.ts";
import { openGate, type TcpGate } from "../../testkit/tcp-gate.ts";
import { openShop, type Shop } from "./shop.ts";

const OUTAGE_MS = 6_000;

describe("An operator whose API server is in trouble", function () {
  this.timeout(400_000);
  let scene: ApiScene;
  let shop: Shop;
  let gate: TcpGate;
  let operator: OperatorProcess;

  before(async function () {
    const opened = await openApiScene();
    if (opened === null) return this.skip();
    scene = opened;
    shop = await openShop(scene);
    gate = await openGate(scene.server);
    operator = await startOperator({
      config: scene.server.admin(gate.port),
      namespace: scene.namespace,
      identity: "one",
      leaseSeconds: 30,
    });
    await shop.seen("it reports", ({ deadEvents }) => deadEvents === 0);
  });
  after(async () => {
    await operator?.end("SIGTERM");
    await gate?.close();
    await scene?.close();
  });

  const warnings = () =>
    operator.lines().flatMap(({ level, msg }) => (level === "warn" || level === "error" ? [msg] : []));
  const unanswered = async () =>
    (await operator.calls()).reduce((sum, { code, count }) => sum + (code === "0" ? count : 0), 0);

  it("goes on with its work while every answer is slow, and keeps the lease", async () => {
    gate.delay(200);
    shop.figures.dead = 3;
    await shop.seen("it reports", ({ deadEvents }) => deadEvents === 3);
    expect([await operator.leads(), warnings()]).to.deep.equal([true, []]);
    gate.delay(0);
  });

  it("asks now and then while the server is away, says so once, and goes on when it is back", async () => {
    gate.shut();
    shop.figures.dead = 4;
    shop.figures.behind = 2;
    await eventually("it has noticed", () => warnings().length > 0);
    await delay(OUTAGE_MS);
    // Five watches, a lease and the platform, each with backoff from a second or less.
    expect(await unanswered()).to.be.below(100);
    gate.open();
    await shop.seen("it reports and scales", ({ deadEvents, relays }) => deadEvents === 4 && relays === 2);
    await eventually(
      "it says that it is over",
      () => operator.lines().some(({ msg }) => msg === "the Kubernetes API answers again"),
      { timeoutMs: 90_000 },
    );
    const about = (text: RegExp) => warnings().filter((msg) => text.test(msg));
    expect(about(/does not answer/)).to.have.length(1);
    expect(about(/could not be reconciled/).length).to.be.below(2);
  });

  it("puts a status right that somebody else has written", async () => {
    const path = scene.path("cartwright.dev/v1alpha1/cartplatforms/cartwright/status");
    await scene.client.patch(path, "merge-patch+json", { status: { deadEvents: 99 } });
    await shop.seen("it reports again", ({ deadEvents }) => deadEvents === 4);
  });

  it("owns the number of relays, also after somebody has stopped them all", async () => {
    const path = scene.path("apps/v1/deployments/cartwright-outbox-relay");
    await scene.client.patch(`${path}/scale`, "merge-patch+json", { spec: { replicas: 0 } });
    await eventually("there are relays again", async () => (await shop.relays()) > 0, { timeoutMs: 60_000 });
    interface Managed {
      metadata: { managedFields: { manager: string; operation: string; subresource?: string }[] };
    }
    const { metadata } = await scene.client.get<Managed>(path);
    const owner = metadata.managedFields.find(({ subresource }) => subresource === "scale");
    expect(owner).to.include({ manager: "cartwright-operator", operation: "Apply" });
  });

  it("starts a replay whose name has a dot where the name of its Job is cut", async () => {
    const kind = "cartwright.dev/v1alpha1/outboxreplays";
    const name = `${"a".repeat(39)}.b`;
    await scene.create(kind, {
      apiVersion: "cartwright.dev/v1alpha1",
      kind: "OutboxReplay",
      metadata: { name },
      spec: { selector: { all: true } },
    });
    const { job } = await eventually("it runs", async () => {
      const path = scene.path(`${kind}/${name}`);
      const { status } = await scene.client.get<{ status?: { phase: string; job: string } }>(path);
      return status?.phase === "Running" ? status : null;
    });
    await scene.client.get(scene.path(`batch/v1/jobs/${job}`));
  });

  it("makes no write while nothing changes", async () => {
    shop.figures.behind = 0;
    const writes = async () =>
      (await operator.calls())
        .filter(({ verb, resource }) => ["create", "update", "patch"].includes(verb) && resource !== "leases")
        .reduce((sum, { count }) => sum + count, 0);
    await eventually(
      "it settles",
      async () => {
        const [before, from] = [await writes(), await operator.rounds()];
        await eventually("it looked five times", async () => (await operator.rounds()) >= from + 5, {
          timeoutMs: 60_000,
        });
        return (await writes()) === before;
      },
      { timeoutMs: 120_000 },
    );
  });
});
