import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { MOST_IDLE_MS } from "../../platform/http/kept-connections.ts";
import { attempt, findTool, run } from "../../testkit/kube/tool.ts";
import { processSchemas } from "../../testkit/processes/schemas.ts";
import { environmentFaults, renderedProcesses } from "./environment.ts";
import { type Choice, eachChoiceOnce, matrix } from "./matrix.ts";

const CHARTS = fileURLToPath(new URL("../../../charts/", import.meta.url));
const CHART = join(CHARTS, "cartwright");
/** Kinds that come with a CRD: their shape is looked at by helm-unittest. */
const CUSTOM = "ServiceMonitor,PrometheusRule,HTTPRoute,CartPlatform";
const KUBE = ["--kube-version", "1.34"];

describe("The Helm chart", function () {
  this.timeout(300_000);
  const helm = findTool("helm");
  const kubeconform = findTool("kubeconform");
  const unittest = findTool("helm-unittest");
  let folder: string;

  before(function () {
    if (helm === null || kubeconform === null || unittest === null) {
      console.log(
        "      the charts are not tested: helm, kubeconform or helm-unittest is missing (make charts)",
      );
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), "cartwright-charts-"));
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  it("passes lint", async () => {
    const production = join(CHART, "values-production.yaml");
    for (const values of [
      ["--set", "database.kind=postgres"],
      ["--values", production],
    ]) {
      await run(helm!, ["lint", "--strict", CHART, ...KUBE, ...values]);
    }
  });

  it("renders for every choice of servers, to objects that Kubernetes knows, with no unknown field", async () => {
    const choices = matrix();
    const render = async ({ name, set, files = [] }: Choice & { files?: string[] }, index: number) => {
      const { code, stdout, stderr } = await attempt(helm!, [
        "template",
        "shop",
        CHART,
        ...KUBE,
        ...files.flatMap((file) => ["--values", join(CHART, file)]),
        ...set.flatMap((each) => ["--set", each]),
      ]);
      expect(code, `${name}: ${stderr}`).to.equal(0);
      writeFileSync(join(folder, `${index}.yaml`), `# ${name}\n${stdout}`);
    };
    for (let at = 0; at < choices.length; at += 2) {
      await Promise.all(choices.slice(at, at + 2).map((choice, i) => render(choice, at + i)));
    }
    const production = { name: "production", set: [], files: ["values-production.yaml"] };
    await render(production, choices.length);
    const location = join(CHARTS, "schemas", "{{.ResourceKind}}{{.KindSuffix}}.json");
    await run(kubeconform!, ["-strict", "-skip", CUSTOM, "-schema-location", location, folder]);
  });

  it("gives each process the variables that it needs, and none that it does not know", async () => {
    const schemas = await processSchemas();
    const render = (...args: string[]) => run(helm!, ["template", "shop", CHART, ...KUBE, ...args]);
    const seen = new Set<string>();
    const check = (choice: string, manifests: string) => {
      expect(environmentFaults(manifests, schemas), choice).to.deep.equal([]);
      for (const { name } of renderedProcesses(manifests, schemas)) seen.add(name);
    };
    for (const { name, set } of eachChoiceOnce())
      check(name, await render(...set.flatMap((each) => ["--set", each])));
    check("production", await render("--values", join(CHART, "values-production.yaml")));
    // The operator runs outbox-admin, in Jobs of its own.
    expect([...seen, "outbox-admin"]).to.have.members([...schemas.keys()]);
  });

  const refusal = async (set: string) => {
    const values = ["--set", `database.kind=postgres,${set}`];
    const { code, stderr } = await attempt(helm!, ["template", CHART, ...KUBE, ...values]);
    expect([set, code]).to.deep.equal([set, 1]);
    return stderr;
  };

  it("refuses a typo in the values", async () => {
    for (const typo of ["gatway.enabled=true", "cart.replicsa=2", "redis.external.ulr=redis://a"]) {
      expect(await refusal(typo)).to.match(/additional propert/i);
    }
  });

  it("names a value that it needs and that was taken away", async () => {
    const taken = { image: "", "database.external": "/database", "image.repository": "/image" };
    for (const [value, at] of Object.entries(taken)) {
      expect(await refusal(`${value}=null`)).to.include(
        `at '${at}': missing property '${value.split(".").at(-1)}'`,
      );
    }
  });

  it("lets who serves serve on, when it stops, for longer than our clients keep an unused connection", async () => {
    const set = ["--set", "database.kind=postgres"];
    const manifests = await run(helm!, ["template", CHART, ...KUBE, ...set]);
    const delays = [...manifests.matchAll(/name: SHUTDOWN_DELAY_MS, value: "(\d+)"/g)].map(([, ms]) =>
      Number(ms),
    );
    expect(delays).to.have.length(3);
    for (const ms of delays) expect(ms).to.be.at.least(MOST_IDLE_MS + 1_000);
  });

  it("passes its unit tests", async () => {
    await run(unittest!, ["-f", "tests/*_test.yaml", CHART]);
  });
});
