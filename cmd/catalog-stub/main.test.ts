import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { eventually } from "../../internal/testkit/eventually.ts";
import { freePort } from "../../internal/testkit/servers/free-port.ts";

describe("The process catalog-stub", () => {
  let child: ChildProcess;
  let output: string;
  afterEach(() => child.kill("SIGKILL"));

  async function start(settings: NodeJS.ProcessEnv = {}) {
    const [port, adminPort] = [await freePort(), await freePort()];
    output = "";
    child = spawn(process.execPath, [fileURLToPath(new URL("./main.ts", import.meta.url))], {
      env: { HOST: "127.0.0.1", PORT: String(port), ADMIN_PORT: String(adminPort), ...settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (data) => (output += data));
    return { url: `http://127.0.0.1:${port}`, adminUrl: `http://127.0.0.1:${adminPort}` };
  }

  it("serves the seed, keeps its admin routes shut, and stops at SIGTERM", async () => {
    const { url, adminUrl } = await start();
    await eventually("ready", async () => (await fetch(`${adminUrl}/readyz`)).ok);
    const { items } = (await (await fetch(`${url}/products?limit=1`)).json()) as { items: unknown[] };
    expect(items.length).to.equal(1);
    expect((await fetch(`${url}/admin/faults`, { method: "DELETE" })).status).to.equal(404);
    expect(await (await fetch(`${adminUrl}/metrics`)).text()).to.match(
      /http_request_duration_seconds_count.* 1\n/,
    );
    child.kill("SIGTERM");
    expect((await once(child, "exit"))[0]).to.equal(0);
  });

  it("at SIGTERM serves on for SHUTDOWN_DELAY_MS, not ready, and says with each answer that it was the last", async () => {
    const { url, adminUrl } = await start({ SHUTDOWN_DELAY_MS: "1500" });
    await eventually("ready", async () => (await fetch(`${adminUrl}/readyz`)).ok);
    const connectionOf = async () => (await fetch(`${url}/products?limit=1`)).headers.get("connection");
    expect(await connectionOf()).to.equal("keep-alive");
    child.kill("SIGTERM");
    await eventually("not ready", async () => (await fetch(`${adminUrl}/readyz`)).status === 503);
    expect([await connectionOf(), await connectionOf()]).to.deep.equal(["close", "close"]);
    expect((await once(child, "exit"))[0]).to.equal(0);
  });

  it("opens its admin routes to who has the token", async () => {
    const token = "0123456789abcdef";
    const { url, adminUrl } = await start({ CATALOG_ADMIN_TOKEN: token });
    await eventually("ready", async () => (await fetch(`${adminUrl}/readyz`)).ok);
    const remove = (headers: Record<string, string>) =>
      fetch(`${url}/admin/faults`, { method: "DELETE", headers });
    expect((await remove({})).status).to.equal(401);
    expect((await remove({ authorization: `Bearer ${token}` })).status).to.equal(204);
    expect(output).not.to.include(token);
  });

  it("does not start with a short token or a seed that is none, and says why", async () => {
    for (const [settings, why] of [
      [{ CATALOG_ADMIN_TOKEN: "short" }, "CATALOG_ADMIN_TOKEN"],
      [{ CATALOG_SEED: fileURLToPath(new URL("../../package.json", import.meta.url)) }, "expected array"],
      [{ CATALOG_SEED: "/nowhere/seed.json" }, "/nowhere/seed.json"],
    ] as const) {
      await start(settings);
      const [code] = await once(child, "close");
      expect(code, output).to.be.greaterThan(0);
      expect(output).to.include(why);
      expect(output).not.to.include("short\n");
    }
  });
});
