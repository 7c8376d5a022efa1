import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { run } from "../../testkit/kube/tool.ts";
import { shopperAt } from "../../testkit/shopper.ts";
import { CHART } from "./former-chart.ts";
import { type Platform, platformOf } from "./platform.ts";
import { processesOfPod } from "./pod-processes.ts";
import { IMAGE, NAME, type Scene, withScene } from "./scene.ts";

const [repository, tag] = IMAGE.split(/:(?=[^:/]*$)/);
/** A command that ends and starts the cluster's API server, where the caller has one. */
const { RESTART_API_SERVER } = process.env;
const PAUSE = "cartwright.dev/pause-scaling";
const RELAY = `${NAME}-outbox-relay`;
const SESSION_KEYS = `${NAME}-session-keys`;
/** A relay that sends one event at a time is soon behind; the operator looks each second and waits 10 s. */
const VALUES = [
  "database.kind=postgres",
  "gateway.rateLimits.owner=1000000/60",
  `image.repository=${repository}`,
  `image.tag=${tag}`,
  "outbox-relay.env.RELAY_WINDOW=1",
  "operator.replicas=2",
  "operator.env.RECONCILE_INTERVAL_MS=1000",
  "operator.relays.max=3",
  "operator.relays.scaleDownSeconds=10",
];

for (const major of [3, 4] as const) {
  describe(`The operator on Kubernetes, of a release by Helm ${major}`, function () {
    this.timeout(900_000);
    this.bail(true);
    let scene: Scene;
    let platform: Platform;

    withScene(major, "op-test", (opened) => {
      scene = opened;
      platform = platformOf(scene.namespace);
    });

    const leader = async () => {
      const lease = ["get", "lease", `${NAME}-operator`, "-o", "jsonpath={.spec.holderIdentity}"];
      return (await scene.namespace.kubectl(lease)).trim();
    };
    const replay = async (name: string, spec: object) => {
      const kind = { apiVersion: "cartwright.dev/v1alpha1", kind: "OutboxReplay" };
      const input = JSON.stringify({ ...kind, metadata: { name }, spec });
      await scene.namespace.kubectl(["create", "-f", "-"], { input });
      const ended = [
        "wait",
        `outboxreplay/${name}`,
        "--for=jsonpath={.status.completedAt}",
        "--timeout=170s",
      ];
      await scene.namespace.kubectl(ended);
      const status = await scene.namespace.kubectl(["get", "outboxreplay", name, "-o", "jsonpath={.status}"]);
      return JSON.parse(status) as { phase: string; matched?: number; replayed?: number };
    };

    it("tells within a minute that all is well", async () => {
      await scene.release.install(CHART, VALUES);
      const well = ({ conditions = [] }: { conditions?: readonly { status: string }[] }) =>
        conditions.length === 5 && conditions.every(({ status }) => status === "True");
      await platform.says("every condition is true", well, 60_000);
      const row = await platform.row();
      expect(Object.keys(row)).to.deep.equal([
        "NAME",
        "READY",
        "PODS",
        "RELAYS",
        "LAG",
        "STAGED",
        "DEAD",
        "CARTS",
        "AGE",
      ]);
      expect(row).to.include({ READY: "True", RELAYS: "1", DEAD: "0" });
    });

    it("starts relays for a backlog, and takes them away when it is gone", async () => {
      await platform.annotate(`${PAUSE}=true`);
      await scene.namespace.kubectl(["scale", "deployment", RELAY, "--replicas=0"]);
      await eventually(
        "no relay is left",
        async () => (await scene.namespace.pods("outbox-relay")).size === 0,
        {
          timeoutMs: 120_000,
        },
      );
      const shoppers = await scene.load();
      const waiting = "select count(*) from outbox_event where published_at is null";
      await eventually("3,000 events wait", async () => Number(await scene.sql(waiting)) > 3_000, {
        timeoutMs: 300_000,
        intervalMs: 1_000,
      });
      await shoppers.stop();
      // The last ones: nothing of their carts waits behind them.
      const last = "select seq from outbox_event where published_at is null order by seq desc limit 3";
      const parked = "dead_at = now(), attempts = 10, last_error = 'too large, says the test'";
      await scene.sql(`update outbox_event set ${parked} where seq in (${last})`);
      expect(await platform.relays()).to.equal(0);

      await platform.annotate(`${PAUSE}-`);
      await platform.says(
        "the backlog is gone",
        (now) => now.pendingEvents === 0 && now.deadEvents === 3,
        300_000,
      );
      await eventually("one relay is left", async () => (await platform.relays()) === 1, {
        timeoutMs: 180_000,
        intervalMs: 1_000,
      });
      expect(await platform.reasons()).to.include.members(["OutOfBounds", "LagGrows", "LagGone"]);
    });

    it("replays what an OutboxReplay selects, once, and keeps the record", async () => {
      const selector = { errorContains: "too large" };
      const counted = await replay("counted", { selector, dryRun: true });
      expect(counted).to.deep.include({ phase: "Complete", matched: 3, replayed: 0 });
      expect((await platform.status()).deadEvents).to.equal(3);
      const replayed = await replay("replayed", { selector });
      expect(replayed).to.deep.include({ phase: "Complete", matched: 3, replayed: 3 });
      await scene.nothingPending();
      await platform.says("nothing is dead", ({ deadEvents }) => deadEvents === 0);
    });

    it("replaces the keys under load: no request fails, and nobody is logged out", async () => {
      const gateway = await scene.namespace.forward(`service/${NAME}-gateway`, 80);
      try {
        const shopper = await shopperAt(gateway.url);
        const shoppers = await scene.load();
        await platform.annotate(`cartwright.dev/rotate-keys=${Date.now()}`);
        const rotated = ({ keys = [] }: { keys?: readonly { phase: string; rotations: number }[] }) =>
          keys.length === 2 && keys.every(({ phase, rotations }) => phase === "settled" && rotations === 1);
        await platform.says("both keys are replaced", rotated, 300_000);
        const report = await shoppers.stop();
        expect(report, report.examples.join("\n")).to.deep.include({ refused: {}, wrong: [] });
        expect((await shopper.add("stove-ember", 1)).status).to.equal(200);
      } finally {
        await gateway.close();
      }
    });

    it("does not fight with helm upgrade over a field", async () => {
      const keys = () => scene.namespace.kubectl(["get", "secret", SESSION_KEYS, "-o", "jsonpath={.data}"]);
      const before = await keys();
      await scene.release.upgrade(CHART, [...VALUES, "operator.relays.min=2"]);
      await eventually("two relays", async () => (await platform.relays()) === 2, { timeoutMs: 60_000 });
      const rolled = "outbox-relay.podAnnotations.rolled=once";
      await scene.release.upgrade(CHART, [...VALUES, "operator.relays.min=2", rolled]);
      expect(await platform.relays()).to.equal(2);
      expect(await keys()).to.equal(before);
      const relay = `deployment/${RELAY}`;
      expect(await platform.owners(relay, "f:spec.f:replicas")).to.deep.equal(["cartwright-operator"]);
      const status = await platform.owners(`cartplatform/${NAME}`, "f:status");
      expect(status).to.deep.equal(["cartwright-operator"]);
      expect(await platform.owners(`cartplatform/${NAME}`, "f:spec")).not.to.include("cartwright-operator");
    });

    /** Another than `first` leads: within a lease of 30 s, which it may have seen a third of it late. */
    const takenOverFrom = (first: string) =>
      eventually("another leads", async () => ![first, ""].includes(await leader()), {
        timeoutMs: 90_000,
        intervalMs: 1_000,
      });
    /** Takes a relay away and waits until the operator has put it back. */
    const putsRelaysRight = async (timeoutMs = 60_000) => {
      await scene.namespace.kubectl(["scale", "deployment", RELAY, "--replicas=1"]);
      await eventually("it puts the relays right", async () => (await platform.relays()) === 2, {
        timeoutMs,
      });
    };

    it("goes on when its leader is killed", async () => {
      const first = await leader();
      await scene.namespace.kubectl(["delete", "pod", first, "--grace-period=0", "--force"]);
      await takenOverFrom(first);
      await putsRelaysRight();
      await eventually("two operators", async () => (await scene.namespace.pods("operator")).size === 2);
      await scene.ready("deployment", "operator");
    });

    it("goes on when its leader is frozen, which leads no more when it thaws", async function () {
      const first = await leader();
      const uid = [...(await scene.namespace.pods("operator"))].find(([, name]) => name === first)![0];
      const frozen = processesOfPod(uid);
      if (frozen.length === 0) {
        console.log("      the cluster's processes are not on this machine: its leader is not frozen");
        this.skip();
      }
      for (const pid of frozen) process.kill(pid, "SIGSTOP");
      try {
        await takenOverFrom(first);
        await putsRelaysRight();
      } finally {
        for (const pid of frozen) process.kill(pid, "SIGCONT");
      }
      await putsRelaysRight();
      expect(await leader()).not.to.equal(first);
    });

    it("goes on, in the same processes, when the API server was restarted", async function () {
      if (RESTART_API_SERVER === undefined) {
        console.log("      RESTART_API_SERVER names no command: the API server is not restarted");
        this.skip();
      }
      const restarts =
        "jsonpath={range .items[*]}{.metadata.name}={.status.containerStatuses[0].restartCount} {end}";
      const operators = ["get", "pods", "-l", "app.kubernetes.io/component=operator", "-o", restarts];
      const before = await scene.namespace.kubectl(operators);
      await run("sh", ["-c", RESTART_API_SERVER], { timeoutMs: 300_000 });
      await eventually("kubectl is answered", () => platform.status(), { timeoutMs: 120_000 });
      await putsRelaysRight(120_000);
      expect(await scene.namespace.kubectl(operators)).to.equal(before);
    });

    it("leaves nothing behind but the records of replays", async () => {
      await scene.release.uninstall();
      await scene.namespace.kubectl(["delete", "outboxreplay", "--all", "--timeout=60s"]);
      const mine = ["-l", "app.kubernetes.io/part-of=cartwright"];
      const kinds = "cartplatform,outboxreplay,lease,job,pod,deployment,role,rolebinding,serviceaccount";
      await eventually(
        "nothing of the operator is left",
        async () => (await scene.namespace.kubectl(["get", kinds, ...mine, "-o", "name"])) === "",
        { timeoutMs: 120_000, intervalMs: 1_000 },
      );
    });
  });
}
