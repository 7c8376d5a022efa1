import { expect } from "chai";
import { newTraceparent } from "../../platform/trace/traceparent.ts";
import { eventually } from "../../testkit/eventually.ts";
import { attempt, findTool } from "../../testkit/kube/tool.ts";
import { metricsOf } from "../../testkit/processes/metrics-page.ts";
import { type Platform, type Running, startPlatform } from "../../testkit/processes/platform.ts";
import { processRegistries } from "../../testkit/processes/registries.ts";
import type { PrometheusServer } from "../../testkit/servers/prometheus.ts";
import { ownPrometheus, testDatabase, testRabbit, testRedis } from "../../testkit/servers/test-servers.ts";
import { shopperAt } from "../../testkit/shopper.ts";
import { type Load, startLoad } from "../load.ts";
import { boards, metricsIn, queries } from "./boards.ts";
import { type Journeys, startJourneys } from "./journeys.ts";
import { exportOperator, needPrometheus, targetsOf } from "./scene.ts";

/** How a board names its data source: by a variable. */
const DATASOURCE = ["$", "{datasource}"].join("");

/** What takes a fault, a setting, or half an hour. */
const NOT_UNDER_LOAD =
  /cart_(expired|expiring)_total|orders_cart_swept_total|orders_unsettled|cart_merges_waiting|order_store_unavailable/;

/* What a real Prometheus sees of the platform under load. */

describe("The dashboards", function () {
  this.timeout(240_000);
  let platform: Platform;
  let prometheus: PrometheusServer;
  let load: Load;
  let journeys: Journeys;

  before(async function () {
    needPrometheus(this);
    const [redis, database, rabbit] = await Promise.all([testRedis(), testDatabase(), testRabbit()]);
    platform = await startPlatform({
      redisUrl: redis.url,
      database,
      rabbit,
      settings: { RATE_LIMIT_SESSION: "1000/60" },
    });
    load = await startLoad(platform, 4);
    journeys = startJourneys(platform);
    prometheus = await ownPrometheus([...targetsOf(platform, rabbit), await exportOperator()]);
  });
  after(async () => {
    await journeys?.stop();
    await load?.stop();
    await prometheus?.stop();
    await platform?.stop();
  });

  it("show something in every panel, of metrics that some process exports", async () => {
    const shopper = await shopperAt(platform.gatewayUrl);
    const every = queries(boards());
    const answered = new Map<string, string>();
    await eventually(
      "every query has an answer",
      async () => {
        // What load alone does not bring about: requests that are refused.
        await shopper.add("no-such-product", 1);
        for (const { where, expression } of every) {
          const samples = await prometheus.query(expression);
          const empty = samples.every(({ value }) => Number.isNaN(value));
          answered.set(`${where}: ${expression}`, empty ? "empty" : "answered");
        }
        const empty = [...answered].filter(([, answer]) => answer === "empty").map(([where]) => where);
        if (empty.length > 0) throw new Error(empty.join("\n"));
        return true;
      },
      { timeoutMs: 90_000, intervalMs: 1_000 },
    );
    const names = new Set(await prometheus.names());
    for (const { where, expression } of every)
      for (const name of metricsIn(expression)) expect(names.has(name), `${where}: ${name}`).to.equal(true);
  });

  it("show of checkouts, merges and orders what shoppers do, above zero", async () => {
    const all = queries(boards().filter(({ file }) => file === "orders.json"));
    let zero = all.filter(({ expression }) => !NOT_UNDER_LOAD.test(expression));
    expect(zero.length).to.be.greaterThan(12);
    await eventually(
      "every query has been above zero",
      async () => {
        const answers = await Promise.all(zero.map(({ expression }) => prometheus.query(expression)));
        zero = zero.filter((_, i) => !answers[i]!.some(({ value }) => value > 0));
        if (zero.length === 0) return true;
        throw new Error(zero.map(({ where }) => where).join("\n"), { cause: journeys.fault() });
      },
      { timeoutMs: 60_000, intervalMs: 1_000 },
    );
  });

  const processes = (): readonly Running[] => [
    ...platform.gateways,
    platform.catalog,
    ...platform.carts,
    ...platform.relays,
  ];
  const scrape = async ({ adminUrl }: Running) => (await fetch(`${adminUrl}/metrics`)).text();

  it("draw on processes that export exactly the metrics of k8s/metrics.md", async () => {
    for (const running of processes()) {
      const exported = [...(await scrape(running)).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
      const described = metricsOf(processRegistries().get(running.name)!).map(({ name }) => name);
      expect(exported, running.name).to.have.members(described);
    }
  });

  it("draw on metrics that promtool finds nothing wrong with", async () => {
    const operator = processRegistries().get("operator")!;
    const texts = [await operator.metrics(), ...(await Promise.all(processes().map(scrape)))];
    for (const input of texts) {
      const { code, stdout, stderr } = await attempt(findTool("promtool")!, ["check", "metrics"], { input });
      expect({ code, said: stdout + stderr }).to.deep.equal({ code: 0, said: "" });
    }
  });

  it("draw on series that no client can make more of, through the gateway or straight at a process", async () => {
    // Which may be answered a code that is the first of its kind.
    await Promise.all([load.stop(), journeys.stop()]);
    const strange = async (word: string) => {
      const headers = { authorization: `Bearer ${word}`, "user-agent": word, "x-request-id": word };
      for (const { url } of [...platform.gateways, platform.catalog, ...platform.carts]) {
        for (const path of [`/${word}`, `/products/${word}`, `/cart/items/${word}`])
          await fetch(url + path, { headers });
        await fetch(`${url}/cart`, { method: word.toUpperCase(), headers });
      }
      for (const { url } of platform.gateways) {
        await fetch(`${url}/api/catalog/products/${word}`, { headers });
        const shopper = await shopperAt(url);
        await shopper.add(word, 1, { "idempotency-key": word, "x-request-id": word });
        await shopper.add("stove-ember", 1, { traceparent: newTraceparent() });
        await shopper.call("DELETE", `/api/cart/items/${word}`);
      }
    };
    /** By process; Node's own aside, which come and go by themselves. */
    const series = async () =>
      Promise.all(
        processes().map(async (running) => {
          const lines = (await scrape(running)).split("\n");
          return [running.name, lines.filter((line) => !/^(#|nodejs_|process_|$)/.test(line)).length];
        }),
      );
    await strange("first");
    const before = await series();
    for (let i = 0; i < 25; i++) await strange(`word${i}`);
    expect(await series()).to.deep.equal(before);
  });
});

describe("A dashboard", () => {
  for (const board of boards())
    it(`of ${board.file} is as Grafana wants it: a stable uid, its data source a variable, no panel over another`, () => {
      expect(board.uid).to.equal(`cartwright-${board.file.replace(".json", "")}`);
      expect(board.schemaVersion).to.equal(39);
      expect(board.templating.list.map(({ name, type }) => `${name} ${type}`)).to.deep.equal([
        "datasource datasource",
        "namespace query",
      ]);
      const taken = new Set<string>();
      const ids = board.panels.map(({ id }) => id);
      expect(new Set(ids).size).to.equal(ids.length);
      for (const { title, type, gridPos, datasource, targets } of board.panels) {
        expect(["stat", "timeseries", "heatmap", "table"], title).to.include(type);
        for (const uid of [datasource.uid, ...targets.map((target) => target.datasource.uid)])
          expect(uid, title).to.equal(DATASOURCE);
        expect(targets.length, title).to.be.greaterThan(0);
        expect(gridPos.x + gridPos.w, title).to.be.at.most(24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            expect(taken.has(`${x},${y}`), title).to.equal(false);
            taken.add(`${x},${y}`);
          }
      }
    });

  it("is known to every other by its uid and title, which are its own", () => {
    for (const key of ["uid", "title"] as const) {
      const values = boards().map((board) => board[key]);
      expect(new Set(values).size).to.equal(values.length);
    }
  });
});
