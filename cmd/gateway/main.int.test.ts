import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { eventually } from "../../internal/testkit/eventually.ts";
import { INTERNAL_SECRET, SESSION_SECRET } from "../../internal/testkit/gateway-keys.ts";
import { type RecordingUpstream, startUpstream } from "../../internal/testkit/recording-upstream.ts";
import { freePort } from "../../internal/testkit/servers/free-port.ts";
import { testRedis } from "../../internal/testkit/servers/test-servers.ts";
import { request } from "../../internal/testkit/shopper.ts";

describe("The process gateway", () => {
  let cart: RecordingUpstream;
  let child: ChildProcess;
  let output: string;
  let url: string;
  let adminUrl: string;
  beforeEach(async () => {
    cart = await startUpstream((_req, res) => setTimeout(() => res.end('{"whole":true}'), 15));
    const [port, adminPort] = [await freePort(), await freePort()];
    url = `http://127.0.0.1:${port}`;
    adminUrl = `http://127.0.0.1:${adminPort}`;
    output = "";
    child = spawn(process.execPath, [fileURLToPath(new URL("./main.ts", import.meta.url))], {
      env: {
        HOST: "127.0.0.1",
        PORT: String(port),
        ADMIN_PORT: String(adminPort),
        CART_URL: cart.url,
        CATALOG_URL: cart.url,
        INTERNAL_TOKEN_SECRET: INTERNAL_SECRET,
        SESSION_SECRET,
        RATE_LIMIT_OWNER: "off",
        RATE_LIMIT_TIMEOUT_MS: "5000",
        REDIS_URL: (await testRedis()).url,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (data) => (output += data));
    await eventually("ready", async () => (await fetch(`${adminUrl}/readyz`)).ok);
  });
  afterEach(async () => {
    child.kill("SIGKILL");
    await cart.close();
  });

  const guest = async () => `Bearer ${(await request(url, "POST", "/api/session")).body.accessToken}`;

  it("serves sessions and the cart, and its metrics on another port only", async () => {
    const authorization = await guest();
    const answer = await request(url, "GET", "/api/cart", { headers: { authorization } });
    expect([answer.status, answer.body]).to.deep.equal([200, { whole: true }]);
    expect(cart.last().owner).to.match(/^guest:/);
    expect((await request(url, "GET", "/metrics")).status).to.equal(404);
    const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
    for (const name of [
      "http_request_duration_seconds",
      "gateway_token_cache_total",
      "gateway_rate_limited_total",
      "gateway_session_operations_total",
    ]) {
      expect(metrics).to.include(`# TYPE ${name} `);
    }
  });

  it("is ready, whether or not its upstreams are", async () => {
    await cart.close();
    expect((await fetch(`${adminUrl}/readyz`)).status).to.equal(200);
    cart = await startUpstream();
  });

  it("at SIGTERM under load answers every request that it accepted, then exits with 0", async () => {
    const authorization = await guest();
    const agent = new Agent({ keepAlive: true });
    let answered = 0;
    let stopping = false;
    const lost: string[] = [];

    /**
     * One client: request after request on a kept connection,
     * until the gateway is no longer there to connect to.
     */
    const client = async () => {
      for (;;) {
        const req = httpRequest(`${url}/api/cart/items`, {
          agent,
          method: "POST",
          headers: { authorization, "content-length": 2 },
        });
        try {
          const [res] = (await once(req.end("{}"), "response")) as [IncomingMessage];
          let body = "";
          for await (const part of res) body += part;
          if (res.statusCode === 200 && body === '{"whole":true}') answered++;
          else lost.push(`${res.statusCode} ${body}`);
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException;
          if (stopping && code === "ECONNREFUSED") return;
          lost.push(String(code ?? error));
          if (stopping) return;
        }
      }
    };
    const clients = Array.from({ length: 50 }, client);
    await eventually("the load runs", () => answered > 300);
    const exited = once(child, "exit");
    stopping = true;
    child.kill("SIGTERM");
    await Promise.all(clients);
    const [code] = await exited;
    agent.destroy();
    expect(lost).to.deep.equal([]);
    expect(code).to.equal(0);
    expect(cart.asked.length, "what the cart did, the clients know").to.equal(answered);
    expect(output).not.to.match(/"level":"(warn|error|fatal)"/);
  });

  it("at SIGTERM is not ready at once, and still answers on its admin port", async () => {
    cart.server.removeAllListeners("request");
    let finish: (() => void) | undefined;
    cart.server.on("request", (_req, res) => {
      finish = () => res.end("{}");
    });
    const authorization = await guest();
    const slow = request(url, "GET", "/api/cart", { headers: { authorization } });
    await eventually("the cart was asked", () => finish);
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await eventually("not ready", async () => (await fetch(`${adminUrl}/readyz`)).status === 503);
    expect((await fetch(`${adminUrl}/healthz`)).status).to.equal(200);
    finish?.();
    expect((await slow).status).to.equal(200);
    expect((await exited)[0]).to.equal(0);
  });
});
