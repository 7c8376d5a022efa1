import { expect } from "chai";
import { SignJWT } from "jose";
import { createInternalTokenSigner } from "../../platform/identity/internal-token.ts";
import { eventually } from "../../testkit/eventually.ts";
import { CART_AUDIENCE, INTERNAL_KEYS, INTERNAL_SECRET, SESSION_KEYS } from "../../testkit/gateway-keys.ts";
import { withUsers } from "../../testkit/gateway-scene.ts";
import { sendRaw } from "../../testkit/raw-client.ts";
import { AUDIENCE, ISSUER, type TestIssuer, testIssuer } from "../../testkit/test-issuer.ts";
import { UNREADABLE_HEADERS } from "../../testkit/unreadable-headers.ts";
import { issueGuestToken } from "./tokens.ts";

describe("Identity at the gateway", () => {
  const scene = withUsers();
  const { user, ask } = scene;

  it("a user's token reaches the cart as that user, and not itself", async () => {
    expect((await ask({ authorization: await user("alice") })).body.owner).to.equal("user:alice");
    expect(scene.cart.last().headers).not.to.have.property("authorization");
    expect(
      (await ask({ authorization: (await user("bob")).replace("Bearer", "bEARER") })).body.owner,
    ).to.equal("user:bob");
  });

  it("a bearer token may follow several spaces", async () => {
    const several = (await user("bob")).replace(" ", "   ");
    expect((await ask({ authorization: several })).body.owner).to.equal("user:bob");
  });

  it("without a bearer token there is 401, and how to get one", async () => {
    const before = scene.cart.asked.length;
    const wrong = ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", `Bearer ${"x".repeat(9_000)}`];
    for (const authorization of [undefined, ...wrong]) {
      const answer = await ask(authorization === undefined ? {} : { authorization });
      expect(answer.status, authorization).to.equal(401);
      expect(answer.headers.get("content-type")).to.match(/^application\/problem\+json/);
      expect(answer.headers.get("www-authenticate")).to.equal("Bearer");
      expect(answer.body).to.include({ code: "UNAUTHENTICATED", status: 401, field: "Authorization" });
      expect(answer.body.detail).to.include("POST /api/session");
    }
    expect(scene.cart.asked.length).to.equal(before);
  });

  it("a token that is not valid gets 401, the same words for every fault", async () => {
    const before = scene.cart.asked.length;
    const stranger = await testIssuer();
    const claims = { iss: ISSUER, aud: AUDIENCE, sub: "alice", exp: Math.floor(Date.now() / 1000) + 60 };
    const by = (key: TestIssuer, more: object) =>
      new SignJWT({ ...claims, ...more })
        .setProtectedHeader({ alg: "ES256", kid: "k1" })
        .sign(key.privateKey);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const answers = [];
    for (const token of [
      await by(stranger, {}),
      await by(scene.issuer, { aud: "bank" }),
      await by(scene.issuer, { iss: "https://evil.test" }),
      `${part({ alg: "none" })}.${part(claims)}.`,
      await createInternalTokenSigner({ keys: INTERNAL_KEYS, audience: CART_AUDIENCE }).sign({
        owner: "user:alice",
        kind: "user",
      }),
    ]) {
      const answer = await ask({ authorization: `Bearer ${token}` });
      expect(answer.status).to.equal(401);
      expect(answer.headers.get("www-authenticate")).to.equal('Bearer error="invalid_token"');
      answers.push(answer.body);
    }
    for (const body of answers) expect(body).to.deep.equal(answers[0]);
    expect(scene.cart.asked.length).to.equal(before);
  });

  it("a token without a readable header gets 401, whoever it says has issued it, and no word of missing keys", async () => {
    for (const claims of [
      { iss: "cartwright-gateway-session", aud: "cartwright-guest" },
      { iss: ISSUER, aud: AUDIENCE },
    ])
      for (const header of UNREADABLE_HEADERS) {
        const payload = Buffer.from(JSON.stringify({ ...claims, sub: "x", exp: 9e9 })).toString("base64url");
        const { status, body } = await ask({ authorization: `Bearer ${header}.${payload}.c2ln` });
        expect([status, body.code], `${claims.iss} ${header}`).to.deep.equal([401, "UNAUTHENTICATED"]);
      }
    expect(scene.gateway.lines.filter(({ level }) => level !== "debug" && level !== "trace")).to.deep.equal(
      [],
    );
  });

  it("a token that has expired, or names nobody, gets 401 and is told so", async () => {
    const expired = await ask({ authorization: await user("alice", "-1m") });
    expect([expired.status, expired.body.detail]).to.deep.equal([
      401,
      "The access token has expired; get a new one.",
    ]);
    const nobody = await ask({ authorization: await user("a ") });
    expect([nobody.status, nobody.body.code]).to.deep.equal([401, "UNAUTHENTICATED"]);
    expect(nobody.body.detail).to.include("sub");
  });

  it("a token that was verified is remembered only until it expires", async () => {
    const hits = () => scene.gateway.metric('gateway_token_cache_total{result="hit"}');
    const accessToken = await issueGuestToken(SESSION_KEYS, "g1", 2);
    const [authorization, hitsBefore] = [`Bearer ${accessToken}`, await hits()];
    for (let i = 0; i < 3; i++) expect((await ask({ authorization })).status).to.equal(200);
    expect((await hits()) - hitsBefore).to.equal(2);
    await eventually("it is refused", async () => (await ask({ authorization })).status === 401);
    const hitsAtEnd = await hits();
    await ask({ authorization });
    expect(await hits()).to.equal(hitsAtEnd);
  });

  it("never mixes up the owners of concurrent requests", async () => {
    const owners = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => ({
        name: `user:u${i}`,
        authorization: await user(`u${i}`),
      })),
    );
    const asks = Array.from({ length: 1_000 }, (_, i) => owners[(i * 7) % owners.length]!);
    const answers = await Promise.all(asks.map(({ authorization }) => ask({ authorization })));
    expect(answers.map(({ body }) => body.owner)).to.deep.equal(asks.map(({ name }) => name));
  });

  it("never mixes up the owners of requests on one connection", async () => {
    const [alice, bob] = [await user("alice"), await user("bob")];
    const requests = [alice, bob, alice, bob].map(
      (authorization) => `GET /api/cart HTTP/1.1\nHost: g\nAuthorization: ${authorization}\n\n`,
    );
    const client = sendRaw(scene.gateway.port, [...requests, "GET /api/cart HTTP/1.1\nHost: g\n\n"].join(""));
    await eventually("five answers", () => client.text().includes("UNAUTHENTICATED"));
    client.socket.destroy();
    expect(client.text().match(/user:\w+/g)).to.deep.equal([
      "user:alice",
      "user:bob",
      "user:alice",
      "user:bob",
    ]);
  });

  it("keeps tokens and secrets out of its log", async () => {
    const authorization = await user("alice");
    await ask({ authorization });
    await ask({ authorization: `${authorization}x` });
    const log = JSON.stringify(scene.gateway.lines);
    expect(log).not.to.include(authorization.slice("Bearer ".length));
    expect(log).not.to.include(INTERNAL_SECRET);
    expect(log).not.to.include(String(scene.cart.last().headers["x-cartwright-identity"]));
  });
});
