import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import type { LoadReport } from "../../testkit/kube/load-pod.ts";
import { shopperAt } from "../../testkit/shopper.ts";
import { drain, evict } from "./drain.ts";
import { CHART, formerChart } from "./former-chart.ts";
import { reachFrom } from "./reach.ts";
import { IMAGE, NAME, type Scene, withScene } from "./scene.ts";

/** What ran before: an upgrade is one of chart and image where the former image is given too. */
const { FORMER, FORMER_IMAGE = IMAGE } = process.env;
const SERVICES = ["gateway", "cart", "catalog-stub", "outbox-relay"];
const STORES = ["redis", "rabbitmq", "postgres"];
const LEFT =
  "deployment,statefulset,job,pod,service,configmap,secret,pvc,serviceaccount,role,rolebinding,networkpolicy,pdb,hpa,lease,cartplatform";
/** What Kubernetes itself puts into a namespace. */
const EVERYWHERE = "configmap/kube-root-ca.crt\nserviceaccount/default";
const imageValues = (image: string) => {
  const [repository, tag] = image.split(/:(?=[^:/]*$)/);
  return [`image.repository=${repository}`, `image.tag=${tag}`];
};
/** A slow machine is no failing server: here requests are to be lost by nothing but closed connections. */
const PATIENT = [
  "cart.env.CATALOG_TIMEOUT_MS=10000",
  "cart.env.REDIS_TIMEOUT_MS=10000",
  "gateway.env.UPSTREAM_TIMEOUT_MS=30000",
];
/** More than the shoppers send, in a form that former charts take too. */
const UNLIMITED = "gateway.rateLimits.owner=1000000/60";
const VALUES = ["database.kind=postgres", UNLIMITED, ...PATIENT, ...imageValues(IMAGE)];
/**
 * Two of each that shoppers talk to, for failures and evictions;
 * and no scaling, so that each change of a pod has a cause.
 */
const TWO = [
  ...VALUES,
  "gateway.replicas=2",
  "cart.replicas=2",
  "catalog-stub.replicas=2",
  "operator.relays.max=1",
];
/** Limits under which the shoppers of a scene stay. */
const LIMITED = "gateway.rateLimits.session=20/60";
const address = (part: string, port: number) => `${NAME}-${part}:${port}`;
const rolled = (mark: string) => SERVICES.map((part) => `${part}.podAnnotations.rolled=${mark}`);
const allIsWell = (report: LoadReport) =>
  expect(report, report.examples.join("\n")).to.deep.include({ refused: {}, wrong: [] });

for (const major of [3, 4] as const) {
  describe(`A release on Kubernetes, by Helm ${major}`, function () {
    this.timeout(900_000);
    this.bail(true);
    let scene: Scene;

    withScene(major, "cartwright-test", (opened) => {
      scene = opened;
    });

    it("installs the chart as it was before, and is ready", async () => {
      await scene.release.install(await formerChart(FORMER), [...TWO, ...imageValues(FORMER_IMAGE)]);
    });

    it("sells through kubectl port-forward", async () => {
      const gateway = await scene.namespace.forward(`service/${NAME}-gateway`, 80);
      try {
        const shopper = await shopperAt(gateway.url);
        const { status, headers, body } = await shopper.add("stove-ember", 2);
        expect(status).to.equal(200);
        // On a busy node the commit may take longer than the answer waits for it.
        expect(headers.get("outbox-state")).to.be.oneOf(["committed", "staged"]);
        await eventually("its event is published", async () => (await scene.published()) > 0);
        expect(body.items[0]).to.include({ productId: "stove-ember", quantity: 2 });
      } finally {
        await gateway.close();
      }
    });

    it("upgrades to the chart of this checkout, under load, without a request that fails", async () => {
      const shoppers = await scene.load();
      await scene.release.upgrade(CHART, [...TWO, ...rolled("once")]);
      const report = await shoppers.stop();
      allIsWell(report);
      expect(report.acknowledged).to.be.above(100);
      await scene.nothingPending();
    });

    it("goes back to chart and image of before, beside a newer schema that expands, and no request fails", async () => {
      const shoppers = await scene.load();
      await scene.newerSchema("expanding");
      await scene.release.rollback(1);
      allIsWell(await shoppers.stop());
      await scene.nothingPending();
    });

    it("goes forward again, beside that schema", async () => {
      await scene.release.upgrade(CHART, [...TWO, ...rolled("once")]);
      await scene.nothingPending();
    });

    it("passes helm test: buys something and sees its event", async () => {
      expect(await scene.release.test()).to.match(/its event arrived/);
    });

    it("restarts nothing when nothing changed", async () => {
      expect(
        await scene.restartedBy(() => scene.release.upgrade(CHART, [...TWO, ...rolled("once")])),
      ).to.deep.equal([]);
    });

    it("rolls only who reads a value that changed", async () => {
      const gone = await scene.restartedBy(() =>
        scene.release.upgrade(CHART, [...TWO, ...rolled("once"), LIMITED]),
      );
      expect(gone).to.have.length(2);
      for (const name of gone) expect(name).to.match(/^cartwright-gateway-/);
    });

    it("rolls only who reads a secret that changed", async () => {
      const password = Buffer.from(`changed${Date.now()}`).toString("base64");
      const patch = JSON.stringify({ data: { "rabbitmq-consumer": password } });
      await scene.namespace.kubectl(["patch", "secret", `${NAME}-credentials`, "--patch", patch]);
      const upgrade = () => scene.release.upgrade(CHART, [...TWO, ...rolled("once"), LIMITED]);
      expect(await scene.restartedBy(upgrade)).to.deep.equal(["cartwright-rabbitmq-0"]);
      expect(await scene.release.test()).to.match(/its event arrived/);
    });

    it("counts the requests of an address at all gateways together", async () => {
      const statuses: number[] = [];
      for (const pod of (await scene.namespace.pods("gateway")).values()) {
        const gateway = await scene.namespace.forward(`pod/${pod}`, 8080);
        for (let i = 0; i < 15; i++)
          statuses.push((await fetch(`${gateway.url}/api/session`, { method: "POST" })).status);
        await gateway.close();
      }
      expect(statuses).to.deep.equal([...Array(20).fill(201), ...Array(10).fill(429)]);
    });

    it("is not ready beside a newer schema that contracts, says so, and is again without it", async () => {
      await scene.newerSchema("contracting");
      for (const part of ["cart", "outbox-relay"]) {
        const [pod] = (await scene.namespace.pods(part)).values();
        await scene.namespace.kubectl(["wait", `pod/${pod}`, "--for=condition=Ready=false", "--timeout=60s"]);
        expect(await scene.readiness(pod!)).to.match(
          /contracting migration newer_contracting\.sql of a newer version/,
        );
      }
      await scene.forgetNewerSchema();
      for (const part of ["cart", "outbox-relay"]) await scene.ready("deployment", part);
    });

    it("loses no event when pods are killed: every kind of them, one after the other", async () => {
      const shoppers = await scene.load();
      for (const part of [...SERVICES, ...STORES]) {
        const [pod] = (await scene.namespace.pods(part)).values();
        await scene.namespace.kubectl(["delete", "pod", pod!, "--grace-period=0", "--force"]);
        await scene.ready(SERVICES.includes(part) ? "deployment" : "statefulset", part);
      }
      const report = await shoppers.stop();
      expect(report.acknowledged).to.be.above(100);
      expect(report.wrong).to.deep.equal([]);
      await scene.nothingPending();
      expect(await scene.release.test()).to.match(/its event arrived/);
    });

    it("leaves a node that is drained: budgets are obeyed, and no request fails meanwhile", async () => {
      const shoppers = await scene.load();
      const [first, second] = (await scene.namespace.pods("gateway")).values();
      expect((await evict(scene.namespace, first!)).code).to.equal(0);
      expect((await evict(scene.namespace, second!)).stderr).to.match(/disruption budget/);
      for (const part of SERVICES) {
        await drain(scene.namespace, part);
        await scene.ready("deployment", part);
      }
      allIsWell(await shoppers.stop());
      for (const part of STORES) {
        await drain(scene.namespace, part);
        await scene.ready("statefulset", part);
      }
      expect(await scene.release.test()).to.match(/its event arrived/);
    });

    it("lets through who calls whom in README's flow, and no others", async () => {
      const ports = {
        redis: 6379,
        postgres: 5432,
        rabbitmq: 5672,
        gateway: 80,
        cart: 80,
        "catalog-stub": 80,
      };
      const all = Object.entries(ports).map(([part, port]) => address(part, port));
      const as = (component: string) => ({
        "app.kubernetes.io/instance": NAME,
        "app.kubernetes.io/part-of": "cartwright",
        "app.kubernetes.io/component": component,
      });
      const arrows: [string, Record<string, string>, (keyof typeof ports)[]][] = [
        ["a stranger", {}, ["gateway"]],
        ["a consumer", { "cartwright.dev/consumer": "true" }, ["rabbitmq", "gateway"]],
        ["a payment service", { "cartwright.dev/order-service": "true" }, ["gateway", "cart"]],
        ["the gateway", as("gateway"), ["redis", "cart", "catalog-stub"]],
        ["the cart", as("cart"), ["redis", "postgres", "catalog-stub"]],
        ["the relay", as("outbox-relay"), ["redis", "postgres", "rabbitmq"]],
        ["Redis", as("redis"), []],
      ];
      for (const [who, labels, parts] of arrows) {
        const expected = parts.map((part) => address(part, ports[part]));
        expect(await reachFrom(scene.namespace, IMAGE, labels, all, expected), who).to.deep.equal(expected);
      }
    });

    it("comes back on its old volumes after uninstall and install", async () => {
      const before = await scene.published();
      expect(before).to.be.above(0);
      await scene.release.uninstall();
      await eventually("its pods are gone", async () => (await scene.namespace.pods()).size === 0, {
        timeoutMs: 120_000,
      });
      await scene.release.install(CHART, VALUES);
      expect(await scene.published()).to.be.at.least(before);
      expect(await scene.release.test()).to.match(/its event arrived/);
    });

    it("leaves nothing behind but what NOTES.txt tells to delete", async () => {
      await scene.release.uninstall();
      const mine = ["-l", `app.kubernetes.io/instance=${NAME}`];
      await scene.namespace.kubectl(["delete", "secret,pvc,pod", ...mine, "--timeout=120s"]);
      await eventually(
        "nothing is left",
        async () => (await scene.namespace.kubectl(["get", LEFT, "-o", "name"])).trim() === EVERYWHERE,
        { timeoutMs: 120_000, intervalMs: 1_000 },
      );
    });
  });
}
