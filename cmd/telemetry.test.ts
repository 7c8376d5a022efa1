import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { eventually } from "../internal/testkit/eventually.ts";
import { processNames } from "../internal/testkit/processes/schemas.ts";
import { freePort } from "../internal/testkit/servers/free-port.ts";

const mainOf = (name: string) => fileURLToPath(new URL(`./${name}/main.ts`, import.meta.url));

/** Makes a process say on stderr what it loads of OpenTelemetry; prom-client loads its interfaces. */
const TELLING = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from "node:fs";
  import { registerHooks } from "node:module";
  registerHooks({
    load(url, context, next) {
      if (/[/]@opentelemetry[/](?!api[/])/.test(url)) writeSync(2, "loads " + url + "\\n");
      return next(url, context);
    },
  });`)}`;

const loaded = (stderr: string) => [...stderr.matchAll(/^loads .*\/node_modules\/(@[^/]+\/[^/]+)/gm)];

describe("What a process loads of OpenTelemetry", function () {
  this.timeout(120_000);

  for (const name of processNames())
    it(`is nothing before ${name} has read its configuration`, () => {
      const { stderr } = spawnSync(process.execPath, ["--import", TELLING, mainOf(name)], {
        env: { ADMIN_PORT: "none" },
        encoding: "utf8",
      });
      expect(stderr).to.match(/^This process cannot start/m);
      expect(loaded(stderr)).to.deep.equal([]);
    });

  /** The packages that a catalog-stub has loaded when it is ready. */
  async function loadedWhenReady(settings: NodeJS.ProcessEnv): Promise<Set<string>> {
    const [port, adminPort] = [await freePort(), await freePort()];
    const child = spawn(process.execPath, ["--import", TELLING, mainOf("catalog-stub")], {
      env: { HOST: "127.0.0.1", PORT: String(port), ADMIN_PORT: String(adminPort), ...settings },
      stdio: ["ignore", "ignore", "pipe"],
    });
    try {
      let stderr = "";
      child.stderr.on("data", (data) => (stderr += data));
      await eventually("ready", async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok, {
        timeoutMs: 60_000,
      });
      const closed = once(child, "close");
      child.kill("SIGTERM");
      await closed;
      return new Set(loaded(stderr).map(([, name]) => name!));
    } finally {
      child.kill("SIGKILL");
    }
  }

  it("is nothing while it has nowhere to send spans, and the SDK when it has", async () => {
    expect([...(await loadedWhenReady({}))]).to.deep.equal([]);
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}` };
    expect([...(await loadedWhenReady({ ...endpoint, OTEL_SDK_DISABLED: "true" }))]).to.deep.equal([]);
    expect(await loadedWhenReady(endpoint)).to.include("@opentelemetry/sdk-node");
  });
});
