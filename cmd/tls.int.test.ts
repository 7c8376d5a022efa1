import { join } from "node:path";
import { expect } from "chai";
import { makeCertificates } from "../internal/testkit/certificates.ts";
import { eventually } from "../internal/testkit/eventually.ts";
import { watch } from "../internal/testkit/guard.ts";
import { nodeArguments } from "../internal/testkit/processes/processes.ts";
import { endProcess, spawnLogged } from "../internal/testkit/servers/child.ts";
import { freePort } from "../internal/testkit/servers/free-port.ts";
import { logDir, onTeardown, ownRabbit, ownRedis } from "../internal/testkit/servers/test-servers.ts";

describe("Cart and relay with servers behind TLS, of a private authority", function () {
  this.timeout(120_000);
  const { caFile, certFile, keyFile } = makeCertificates();
  let environment: NodeJS.ProcessEnv;

  before(async () => {
    const [redisPort, amqpPort] = [await freePort(), await freePort()];
    const [rabbit] = await Promise.all([
      ownRabbit({ tls: { port: amqpPort, caFile, certFile, keyFile } }),
      ownRedis({
        "tls-port": String(redisPort),
        "tls-ca-cert-file": caFile,
        "tls-cert-file": certFile,
        "tls-key-file": keyFile,
        "tls-auth-clients": "no",
      }),
    ]);
    const amqp = new URL(rabbit.relayUrl.replace(/^amqp:/, "amqps:"));
    amqp.port = String(amqpPort);
    environment = {
      HOST: "127.0.0.1",
      PORT: "0",
      REDIS_URL: `rediss://127.0.0.1:${redisPort}`,
      REDIS_CA_FILE: caFile,
      AMQP_URL: amqp.href,
      AMQP_CA_FILE: caFile,
      DATABASE_URL: `postgres://nobody:none@127.0.0.1:${await freePort()}/nowhere`,
      CATALOG_URL: "http://127.0.0.1:1",
      INTERNAL_TOKEN_SECRET: "i".repeat(32),
    };
  });

  for (const name of ["cart", "outbox-relay"] as const) {
    it(`${name} reaches them with REDIS_CA_FILE and AMQP_CA_FILE: it misses only the database`, async () => {
      const ADMIN_PORT = String(await freePort());
      const started = spawnLogged(process.execPath, nodeArguments(name), {
        logFile: join(logDir("tls"), `${name}.log`),
        env: { PATH: process.env.PATH, ...environment, ADMIN_PORT },
        onSpawn: watch,
      });
      onTeardown(() => endProcess(started, "SIGTERM"));
      const missing = name === "cart" ? [] : ["database"];
      await eventually("the servers are reached", async () => {
        const answer = await fetch(`http://127.0.0.1:${ADMIN_PORT}/readyz`);
        const { reasons = [] } = (await answer.json()) as { reasons?: string[] };
        expect(reasons.map((reason) => reason.split(":")[0])).to.deep.equal(missing);
        return true;
      });
    });
  }
});
