import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { attempt, findTool } from "../../testkit/kube/tool.ts";
import { needPrometheus, RULE_FILES } from "./scene.ts";

const UNIT_TESTS = fileURLToPath(new URL("rules.promtool.yaml", import.meta.url));
const RUNBOOKS = new URL("../../../k8s/runbooks/", import.meta.url);

const text = RULE_FILES.map((file) => readFileSync(file, "utf8")).join("\n");
const alerts = [...new Set([...text.matchAll(/- alert: (\w+)/g)].map(([, name]) => name!))];

describe("The rules", function () {
  this.timeout(300_000);

  it("pass promtool's check and their unit tests, in which each alert fires once and is silent once", async function () {
    needPrometheus(this);
    for (const args of [
      ["check", "rules", ...RULE_FILES],
      ["test", "rules", UNIT_TESTS],
    ]) {
      const { code, stdout, stderr } = await attempt(findTool("promtool")!, args, { timeoutMs: 240_000 });
      expect(code, stdout + stderr).to.equal(0);
    }
    const tests = readFileSync(UNIT_TESTS, "utf8");
    for (const alert of alerts) {
      const of = (expected: string) =>
        new RegExp(`alertname: ${alert}\n +exp_alerts:${expected}\n`).test(tests);
      expect([alert, of(""), of(" \\[\\]")]).to.deep.equal([alert, true, true]);
    }
  });

  it("lead to a runbook each, which is about that alert and is led to", () => {
    const led = [...text.matchAll(/- alert: (\w+)[\s\S]*?runbook_url: k8s\/runbooks\/(\S+)/g)];
    for (const [, alert, page] of led)
      expect(readFileSync(new URL(page!, RUNBOOKS), "utf8")).to.match(new RegExp(`^# ${alert}\n`));
    expect([...new Set(led.map(([, , page]) => page))]).to.have.members(readdirSync(RUNBOOKS));
  });
});
