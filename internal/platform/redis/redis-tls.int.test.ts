import { expect } from "chai";
import { makeCertificates } from "../../testkit/certificates.ts";
import { eventually } from "../../testkit/eventually.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { freePort } from "../../testkit/servers/free-port.ts";
import { ownRedis } from "../../testkit/servers/test-servers.ts";
import { awaitRedis, closeRedis, connectRedis, type RedisConnection } from "./redis.ts";
import { parseRedisUrl } from "./redis-url.ts";

describe("A Redis behind TLS, with the certificate of a private authority", () => {
  const { ca, caFile, certFile, keyFile } = makeCertificates();
  const other = makeCertificates();
  let port: number;
  let redis: RedisConnection | undefined;

  before(async () => {
    port = await freePort();
    await ownRedis({
      "tls-port": String(port),
      "tls-ca-cert-file": caFile,
      "tls-cert-file": certFile,
      "tls-key-file": keyFile,
      "tls-auth-clients": "no",
    });
  });
  afterEach(async () => {
    if (redis) await closeRedis(redis);
    redis = undefined;
  });

  function open(authority: string | undefined) {
    const { log, lines } = recordingLogger();
    const address = { ...parseRedisUrl(`rediss://localhost:${port}`)!, ca: authority };
    redis = connectRedis(address, { log, commandTimeoutMs: 5_000 });
    return { redis, lines };
  }

  it("is spoken to when REDIS_CA_FILE names the authority", async () => {
    const { redis } = open(ca);
    await awaitRedis(redis, 10_000);
    expect(await redis.ping()).to.equal("PONG");
  });

  for (const [which, authority] of [
    ["none is named", undefined],
    ["another is", other.ca],
  ] as const) {
    it(`is not spoken to when ${which}, and the reason is logged`, async () => {
      const { redis, lines } = open(authority);
      await eventually("a reason", () => lines.length > 0);
      expect(JSON.stringify(lines)).to.match(/SELF_SIGNED_CERT_IN_CHAIN/);
      expect(redis.status).not.to.equal("ready");
    });
  }
});
