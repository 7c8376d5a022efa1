import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { findHelms, type Release, releaseOf } from "../../testkit/kube/helm.ts";
import { type LoadReport, startLoadPod } from "../../testkit/kube/load-pod.ts";
import { createNamespace, type Namespace } from "../../testkit/kube/namespace.ts";
import { run } from "../../testkit/kube/tool.ts";
import { shopperAt } from "../../testkit/shopper.ts";
import { drain, evict } from "./drain.ts";
import { CHART, CRDS, formerChart } from "./former-chart.ts";
import { reachFrom } from "./reach.ts";

const IMAGE = process.env.IMAGE ?? "cartwright:dev";
/** What ran before: an upgrade is one of chart and image where the former image is given too. */
const { FORMER, FORMER_IMAGE = IMAGE } = process.env;
const HELMS = await findHelms();
const NAME = "cartwright";
const SERVICES = ["gateway", "cart", "catalog-stub", "outbox-relay"];
const STORES = ["redis", "rabbitmq", "postgres"];
const LEFT =
  "deployment,statefulset,job,pod,service,configmap,secret,pvc,serviceaccount,role,rolebinding,networkpolicy,pdb,hpa";
const imageValues = (image: string) => {
  const [repository, tag] = image.split(/:(?=[^:/]*$)/);
  return [`image.repository=${repository}`, `image.tag=${tag}`];
};
const VALUES = ["database.kind=postgres", ...imageValues(IMAGE)];
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
const rolled = (mark: string) => SERVICES.map((part) => `${part}.podAnnotations.rolled=${mark}`);
const allIsWell = (report: LoadReport) =>
  expect(report, report.examples.join("\n")).to.deep.include({ refused: {}, wrong: [] });

for (const major of [3, 4] as const) {
  describe(`A release on Kubernetes, by Helm ${major}`, function () {
    this.timeout(900_000);
    this.bail(true);
    let namespace: Namespace;
    let release: Release;

    before(async function () {
      const helm = HELMS.get(major);
      if (helm === undefined) {
        console.log(`      there is no Helm ${major}: its scenes do not run`);
        this.skip();
      }
      await run("kubectl", ["apply", "--server-side", "--force-conflicts", "-f", CRDS]);
      namespace = await createNamespace(`cartwright-test-${major}-${Date.now() % 100_000}`);
      release = releaseOf(helm, NAME, namespace.name);
    });
    after(async () => {
      if (process.env.KEEP === undefined) await namespace?.delete();
    });

    const address = (part: string, port: number) => `${NAME}-${part}:${port}`;
    const load = () =>
      startLoadPod(namespace, { image: IMAGE, gatewayUrl: `http://${NAME}-gateway`, shoppers: 8 });
    const sql = (statement: string) => {
      const psql = ["psql", "-h", "127.0.0.1", "-U", "cartwright_app", "-d", "cartwright", "-Atc", statement];
      const login = `PGPASSWORD="$APP_PASSWORD" exec "$@"`;
      return namespace.kubectl(["exec", `${NAME}-postgres-0`, "--", "sh", "-c", login, "sh", ...psql]);
    };
    const published = async () =>
      Number(await sql("select count(*) from outbox_event where published_at is not null"));
    const nothingPending = () =>
      eventually(
        "every event is published",
        async () =>
          (await sql("select count(*) from outbox_event where published_at is null")).trim() === "0",
        { timeoutMs: 120_000, intervalMs: 1_000 },
      );
    const ready = (kind: string, part: string) =>
      namespace.kubectl(["rollout", "status", `${kind}/${NAME}-${part}`, "--timeout=180s"]);

    it("installs the chart as it was before, and is ready", async () => {
      await release.install(await formerChart(FORMER), [...TWO, ...imageValues(FORMER_IMAGE)]);
    });

    it("sells through kubectl port-forward", async () => {
      const gateway = await namespace.forward(`${NAME}-gateway`, 80);
      try {
        const shopper = await shopperAt(gateway.url);
        const { status, headers, body } = await shopper.add("stove-ember", 2);
        expect([status, headers.get("outbox-state")]).to.deep.equal([200, "committed"]);
        expect(body.items[0]).to.include({ productId: "stove-ember", quantity: 2 });
      } finally {
        await gateway.close();
      }
    });

    it("upgrades to the chart of this checkout, under load, without a request that fails", async () => {
      const shoppers = await load();
      await release.upgrade(CHART, [...TWO, ...rolled("once")]);
      const report = await shoppers.stop();
      allIsWell(report);
      expect(report.acknowledged).to.be.above(100);
      await nothingPending();
    });

    it("passes helm test: buys something and sees its event", async () => {
      expect(await release.test()).to.match(/its event arrived/);
    });

    it("restarts nothing when nothing changed", async () => {
      const before = await namespace.pods();
      await release.upgrade(CHART, [...TWO, ...rolled("once")]);
      expect(await namespace.pods()).to.deep.equal(before);
    });

    it("rolls only who reads what changed", async () => {
      const before = await namespace.pods();
      await release.upgrade(CHART, [...TWO, ...rolled("once"), "cart.ttlSeconds=1801"]);
      const now = await namespace.pods();
      const gone = [...before].filter(([uid]) => !now.has(uid)).map(([, name]) => name);
      expect(gone).to.have.length(2);
      for (const name of gone) expect(name).to.match(/^cartwright-cart-/);
    });

    it("goes back by helm rollback, under load, without a request that fails", async () => {
      const shoppers = await load();
      await release.rollback();
      const report = await shoppers.stop();
      allIsWell(report);
      await nothingPending();
    });

    it("loses no event when pods are killed: every kind of them, one after the other", async () => {
      const shoppers = await load();
      for (const part of [...SERVICES, ...STORES]) {
        const [pod] = (await namespace.pods(part)).values();
        await namespace.kubectl(["delete", "pod", pod!, "--grace-period=0", "--force"]);
        await ready(SERVICES.includes(part) ? "deployment" : "statefulset", part);
      }
      const report = await shoppers.stop();
      expect(report.acknowledged).to.be.above(100);
      expect(report.wrong).to.deep.equal([]);
      await nothingPending();
      expect(await release.test()).to.match(/its event arrived/);
    });

    it("leaves a node that is drained: budgets are obeyed, and no request fails meanwhile", async () => {
      const shoppers = await load();
      const [first, second] = (await namespace.pods("gateway")).values();
      expect((await evict(namespace, first!)).code).to.equal(0);
      expect((await evict(namespace, second!)).stderr).to.match(/disruption budget/);
      for (const part of SERVICES) {
        await drain(namespace, part);
        await ready("deployment", part);
      }
      allIsWell(await shoppers.stop());
      for (const part of STORES) {
        await drain(namespace, part);
        await ready("statefulset", part);
      }
      expect(await release.test()).to.match(/its event arrived/);
    });

    it("lets through the arrows of the design and no others", async () => {
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
        ["the gateway", as("gateway"), ["cart", "catalog-stub"]],
        ["the cart", as("cart"), ["redis", "postgres", "catalog-stub"]],
        ["the relay", as("outbox-relay"), ["redis", "postgres", "rabbitmq"]],
        ["Redis", as("redis"), []],
      ];
      for (const [who, labels, parts] of arrows) {
        const expected = parts.map((part) => address(part, ports[part]));
        expect(await reachFrom(namespace, IMAGE, labels, all, expected), who).to.deep.equal(expected);
      }
    });

    it("comes back on its old volumes after uninstall and install", async () => {
      const before = await published();
      expect(before).to.be.above(0);
      await release.uninstall();
      await eventually("its pods are gone", async () => (await namespace.pods()).size === 0, {
        timeoutMs: 120_000,
      });
      await release.install(CHART, VALUES);
      expect(await published()).to.be.at.least(before);
      expect(await release.test()).to.match(/its event arrived/);
    });

    it("leaves nothing behind but what NOTES.txt tells to delete", async () => {
      await release.uninstall();
      const mine = ["-l", `app.kubernetes.io/instance=${NAME}`];
      await namespace.kubectl(["delete", "secret,pvc,pod", ...mine, "--timeout=120s"]);
      await eventually(
        "nothing is left",
        async () => (await namespace.kubectl(["get", LEFT, ...mine, "-o", "name"])) === "",
        { timeoutMs: 120_000, intervalMs: 1_000 },
      );
    });
  });
}
