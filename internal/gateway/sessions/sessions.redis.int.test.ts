import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { candidatesAmong, type KeyRing, signingKey } from "../../platform/identity/key-ring.ts";
import { awaitRedis, closeRedis, connectRedis, type RedisConnection } from "../../platform/redis/redis.ts";
import { parseRedisUrl } from "../../platform/redis/redis-url.ts";
import { eventually } from "../../testkit/eventually.ts";
import { type GatewayUnderTest, startGateway } from "../../testkit/gateway.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { type RecordingUpstream, startUpstream } from "../../testkit/recording-upstream.ts";
import { testRedis } from "../../testkit/servers/test-servers.ts";
import { request } from "../../testkit/shopper.ts";
import { openGate, type TcpGate } from "../../testkit/tcp-gate.ts";
import { type TestIssuer, testIssuer, userToken } from "../../testkit/test-issuer.ts";
import { createRedisSessions } from "./session-store.redis.ts";

describe("A guest's session at two gateways with one Redis", function () {
  this.timeout(180_000);
  const { log } = recordingLogger();
  /** Both gateways' keys; a test may rotate them. */
  let keys = [signingKey("first".padEnd(32, "-"))];
  const keyRing: KeyRing = {
    current: () => keys[0]!,
    candidates: (kid) => candidatesAmong(keys, kid),
    edition: () => keys.length,
  };
  let cart: RecordingUpstream;
  let issuer: TestIssuer;
  let gate: TcpGate;
  let connections: RedisConnection[];
  let gateways: GatewayUnderTest[];
  before(async () => {
    cart = await startUpstream();
    issuer = await testIssuer();
    const target = { host: "127.0.0.1", port: Number(new URL((await testRedis()).url).port) };
    gate = await openGate(target);
    connections = [];
    gateways = [];
    for (let i = 0; i < 2; i++) {
      const redis = connectRedis(parseRedisUrl(`redis://127.0.0.1:${gate.port}`)!, {
        log,
        commandTimeoutMs: 20_000,
      });
      connections.push(redis);
      await awaitRedis(redis, 20_000);
      const sessionStore = createRedisSessions(redis);
      gateways.push(await startGateway({ cartUrl: cart.url, keys: issuer.jwks, sessionStore, keyRing }));
    }
  });
  after(async () => {
    for (const gateway of gateways) await gateway.close();
    for (const connection of connections) await closeRedis(connection);
    await gate?.close();
    await cart.close();
  });

  const urlOf = (at: number) => gateways[at % 2]!.url;
  const open = async () => (await request(urlOf(0), "POST", "/api/session")).body;
  const refresh = (refreshToken: unknown, at = 1) =>
    request(urlOf(at), "POST", "/api/session/refresh", { body: { refreshToken } });
  const revoke = (refreshToken: unknown, at = 0) =>
    request(urlOf(at), "DELETE", "/api/session", { body: { refreshToken } });
  const ownerOf = async (accessToken: string) =>
    (await request(urlOf(0), "GET", "/api/cart", { headers: { authorization: `Bearer ${accessToken}` } }))
      .body.owner;
  const counted = async (operation: string, result: string) => {
    const line = `gateway_session_operations_total{operation="${operation}",result="${result}"}`;
    return (await gateways[0]!.metric(line)) + (await gateways[1]!.metric(line));
  };

  it("begins with both tokens, and goes on at the other gateway as the same guest", async () => {
    const opened = await request(urlOf(0), "POST", "/api/session");
    expect([opened.status, opened.headers.get("cache-control")]).to.deep.equal([201, "no-store"]);
    const shape = ["accessToken", "tokenType", "expiresIn", "refreshToken", "refreshExpiresIn", "guestId"];
    expect(opened.body).to.have.all.keys(shape);
    expect(opened.body).to.include({ tokenType: "Bearer", expiresIn: 900, refreshExpiresIn: 86_400 });
    const refreshed = await refresh(opened.body.refreshToken);
    expect([refreshed.status, refreshed.headers.get("cache-control")]).to.deep.equal([200, "no-store"]);
    expect(refreshed.body).to.have.all.keys(shape);
    expect(refreshed.body).to.include({ tokenType: "Bearer", expiresIn: 900, guestId: opened.body.guestId });
    expect(refreshed.body.refreshToken).not.to.equal(opened.body.refreshToken);
    expect(refreshed.body.refreshExpiresIn).to.be.within(80_000, 86_400);
    for (const { accessToken } of [opened.body, refreshed.body])
      expect(await ownerOf(accessToken)).to.equal(`guest:${opened.body.guestId}`);
  });

  it("gives two tabs that refresh at once the same refresh token", async () => {
    const { refreshToken } = await open();
    const answers = await Promise.all([0, 1, 0, 1].map((at) => refresh(refreshToken, at)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.refreshToken}`)).size).to.equal(1);
    expect(answers[0]!.status).to.equal(200);
  });

  it("keeps its refresh token when the keys rotate, within the grace and after", async () => {
    const { refreshToken } = await open();
    const { body: before } = await refresh(refreshToken);
    keys = [signingKey("second".padEnd(32, "-")), ...keys];
    expect((await refresh(refreshToken)).body.refreshToken).to.equal(before.refreshToken);
    keys = [signingKey("third".padEnd(32, "-")), keys[0]!];
    expect((await refresh(before.refreshToken)).status).to.equal(200);
  });

  it("refuses what is no refresh token of a session with 401, and says how to get one", async () => {
    const { refreshToken, accessToken } = await open();
    const gone = (await open()).refreshToken;
    await revoke(gone);
    for (const wrong of ["", "x", accessToken, `${refreshToken}A`, gone]) {
      const { status, body, headers } = await refresh(wrong);
      expect([status, body.code, body.field], wrong).to.deep.equal([401, "UNAUTHENTICATED", "refreshToken"]);
      expect(body.detail).to.include("POST /api/session");
      expect(headers.get("www-authenticate")).to.equal('Bearer error="invalid_token"');
    }
    expect((await refresh(refreshToken)).status).to.equal(200);
  });

  it("refuses a body that is none of this call: 400, 415, 405", async () => {
    for (const call of ["POST /api/session/refresh", "DELETE /api/session"]) {
      const [method, path] = call.split(" ") as [string, string];
      for (const raw of [
        "",
        "{",
        "null",
        "[]",
        "{}",
        '{"refreshToken":7}',
        '{"refreshToken":"a","b":1}',
        '{"refreshToken":"a","refreshToken":"b"}',
        `{"refreshToken":"${"x".repeat(2_000)}"}`,
      ]) {
        const { status, body } = await request(urlOf(0), method, path, { raw });
        expect([status, body.code], `${call} ${raw}`.slice(0, 80)).to.deep.equal([400, "INVALID_REQUEST"]);
      }
      const headers = { "content-type": "text/plain" };
      expect((await request(urlOf(0), method, path, { raw: "{}", headers })).status).to.equal(415);
    }
    const wrong = await request(urlOf(0), "GET", "/api/session");
    expect([wrong.status, wrong.headers.get("allow")]).to.deep.equal([405, "POST, DELETE"]);
  });

  it("is ended by DELETE, which may be repeated and tells a stranger nothing; its access token works on", async () => {
    const { refreshToken, accessToken, guestId } = await open();
    for (const at of [0, 1, 0]) expect((await revoke(refreshToken, at)).status).to.equal(204);
    expect((await revoke("no token at all")).status).to.equal(204);
    expect((await refresh(refreshToken)).status).to.equal(401);
    expect(await ownerOf(accessToken)).to.equal(`guest:${guestId}`);
  });

  it("survives no refresh after a revoke, though 50 race it: each got the one successor or 401", async () => {
    for (let round = 0; round < 5; round++) {
      const { refreshToken } = await open();
      const racing = Array.from({ length: 50 }, (_, at) => refresh(refreshToken, at));
      await delay(round * 5); // another point of the race each time; none decides the outcome
      const revoked = revoke(refreshToken);
      expect((await revoked).status).to.equal(204);
      const after = await refresh(refreshToken);
      const answers = await Promise.all(racing);
      expect(after.status).to.equal(401);
      for (const { status } of answers) expect(status).to.be.oneOf([200, 401]);
      const successors = new Set(answers.flatMap(({ body }) => body.refreshToken ?? []));
      expect(successors.size).to.be.at.most(1);
      for (const successor of successors) expect((await refresh(successor)).status).to.equal(401);
    }
  });

  it("is presented for a merge by its refresh token, which is not used up", async () => {
    const { refreshToken, guestId } = await open();
    const headers = { authorization: `Bearer ${await userToken(issuer, "alice")}` };
    const merge = (guestToken: string) =>
      request(urlOf(0), "POST", "/api/cart/merge", { body: { guestToken }, headers });
    for (let i = 0; i < 2; i++) {
      expect((await merge(refreshToken)).status).to.equal(200);
      expect(cart.last()).to.include({ owner: "user:alice", guest: `guest:${guestId}` });
    }
    const { body } = await refresh(refreshToken);
    expect((await merge(body.refreshToken)).status, "and so does its successor").to.equal(200);
    await revoke(body.refreshToken);
    for (const wrong of [body.refreshToken, `${refreshToken}A`, "cwr_"]) {
      const refused = await merge(wrong);
      expect([refused.status, refused.body.code]).to.deep.equal([400, "GUEST_TOKEN_INVALID"]);
      expect(refused.body.detail).to.include("refresh token");
    }
  });

  it("counts what became of it", async () => {
    const outcomes = [
      ["open", "opened"],
      ["refresh", "rotated"],
      ["refresh", "repeated"],
      ["refresh", "ended"],
      ["revoke", "revoked"],
      ["revoke", "ended"],
    ] as const;
    const all = () => Promise.all(outcomes.map(([call, result]) => counted(call, result)));
    const before = await all();
    const { refreshToken } = await open();
    await refresh(refreshToken);
    await refresh(refreshToken);
    await revoke(refreshToken);
    await revoke(refreshToken);
    await refresh(refreshToken);
    const after = await all();
    expect(after.map((value, at) => value - before[at]!)).to.deep.equal([1, 1, 1, 1, 1, 1]);
  });

  it("of a Redis that is away is 503 with Retry-After, told once, while access tokens go on working", async () => {
    const { refreshToken, accessToken, guestId } = await open();
    const said = () => gateways.flatMap(({ lines }) => lines.map(({ msg }) => String(msg)));
    gate.shut();
    await eventually("both gateways miss it", () => connections.every(({ status }) => status !== "ready"));
    for (const answer of [
      await request(urlOf(0), "POST", "/api/session"),
      await refresh(refreshToken, 0),
      await revoke(refreshToken, 0),
    ]) {
      expect([answer.status, answer.body.code]).to.deep.equal([503, "SESSION_STORE_UNAVAILABLE"]);
      expect(answer.headers.get("retry-after")).to.equal("1");
    }
    expect(await ownerOf(accessToken)).to.equal(`guest:${guestId}`);
    gate.open();
    await eventually("it is back", async () => (await refresh(refreshToken, 0)).status === 200);
    for (const line of ["sessions cannot be opened or refreshed", "sessions are served again"])
      expect(
        said().filter((msg) => msg === line),
        line,
      ).to.have.length(1);
  });

  it("never shows its refresh token in a log", async () => {
    const { refreshToken } = await open();
    const { body } = await refresh(refreshToken);
    await revoke(body.refreshToken);
    const logged = JSON.stringify(gateways.map(({ lines }) => lines));
    for (const secret of [refreshToken, body.refreshToken])
      expect(logged).not.to.include(secret.slice(4, 40));
  });
});

describe("A guest's session at a gateway whose Redis hangs", function () {
  this.timeout(60_000);

  it("is refused within the timeout, and not later", async () => {
    const { log } = recordingLogger();
    const port = Number(new URL((await testRedis()).url).port);
    const gate = await openGate({ host: "127.0.0.1", port });
    const address = parseRedisUrl(`redis://127.0.0.1:${gate.port}`)!;
    const redis = connectRedis(address, { log, commandTimeoutMs: 200 });
    await awaitRedis(redis, 20_000);
    const cart = await startUpstream();
    const gateway = await startGateway({ cartUrl: cart.url, sessionStore: createRedisSessions(redis) });
    gate.freeze();
    const { status, body } = await request(gateway.url, "POST", "/api/session");
    expect([status, body.code]).to.deep.equal([503, "SESSION_STORE_UNAVAILABLE"]);
    gate.thaw();
    await gateway.close();
    await cart.close();
    await closeRedis(redis);
    await gate.close();
  });
});
