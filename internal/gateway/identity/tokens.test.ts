import { createSecretKey, type KeyObject } from "node:crypto";
import { expect } from "chai";
import { type JWTHeaderParameters, SignJWT } from "jose";
import { createInternalTokenSigner } from "../../platform/identity/internal-token.ts";
import { CART_AUDIENCE, SESSION_KEYS, SESSION_SECRET } from "../../testkit/gateway-keys.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { AUDIENCE, ISSUER, type TestIssuer, testIssuer } from "../../testkit/test-issuer.ts";
import { createTokenVerifier, issueGuestToken } from "./tokens.ts";
import { openKeySet } from "./user-keys.ts";

describe("A bearer token", () => {
  let issuer: TestIssuer;
  let stranger: TestIssuer;
  let verify: ReturnType<typeof createTokenVerifier>;
  before(async () => {
    issuer = await testIssuer();
    stranger = await testIssuer();
    const { log } = recordingLogger();
    const keys = openKeySet(issuer.jwks, log);
    verify = createTokenVerifier(SESSION_KEYS, {
      keys,
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["ES256"],
    });
  });

  const now = () => Math.floor(Date.now() / 1000);
  const user = (
    claims: Record<string, unknown> = {},
    header: Partial<JWTHeaderParameters> = {},
    key: KeyObject = issuer.privateKey,
  ) =>
    new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: "alice", exp: now() + 60, ...claims })
      .setProtectedHeader({ alg: "ES256", kid: "k1", ...header })
      .sign(key);
  const symmetric = (secret: string | Buffer) =>
    createSecretKey(typeof secret === "string" ? Buffer.from(secret) : secret);
  const session = (claims: Record<string, unknown>, secret = SESSION_SECRET) =>
    new SignJWT({
      iss: "cartwright-gateway-session",
      aud: "cartwright-guest",
      sub: "00000000-0000-4000-8000-000000000000",
      exp: now() + 60,
      ...claims,
    })
      .setProtectedHeader({ alg: "HS256" })
      .sign(symmetric(secret));
  const unsigned = (claims: Record<string, unknown>) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    return `${part({ alg: "none" })}.${part(claims)}.`;
  };
  const codeOf = async (token: string) => {
    const result = await verify(token);
    return result.ok ? result.value.identity.owner : result.error.code;
  };

  it("of a guest names the guest, for as long as it is told", async () => {
    const result = await verify(await issueGuestToken(SESSION_KEYS, "g1", 60));
    if (!result.ok) throw new Error(result.error.code);
    expect(result.value.identity.owner).to.equal("guest:g1");
    expect(result.value.expiresAt).to.be.within(Date.now() + 55_000, Date.now() + 61_000);
  });

  it("of a user names its subject", async () => {
    expect(await codeOf(await user())).to.equal("user:alice");
    expect(await codeOf(await user({ sub: "auth0|5f7c8ec7c33c6c004bbafe82" }))).to.equal(
      "user:auth0|5f7c8ec7c33c6c004bbafe82",
    );
    expect(await codeOf(await user({ aud: ["other", AUDIENCE] }))).to.equal("user:alice");
    for (const sub of ["a b", "x".repeat(255), "~!@#$%^&*(){}[]:;,.<>?/|\\\"'`"])
      expect(await codeOf(await user({ sub }))).to.equal(`user:${sub}`);
  });

  it("of a user cannot name a guest, nor one of a guest a user", async () => {
    expect(await codeOf(await user({ sub: "guest:1" }))).to.equal("user:guest:1");
    expect(await codeOf(await session({ sub: "user:alice" }))).to.equal("guest:user:alice");
  });

  it("whose subject cannot be an owner is refused, and says so", async () => {
    for (const sub of ["", " ", "a ", " a", "a\n", "a\u0000", "ä", "x".repeat(256)])
      expect(await codeOf(await user({ sub })), sub).to.equal("SUBJECT");
    for (const sub of [42, true, null, ["alice"], { toString: "alice" }])
      expect(await codeOf(await user({ sub })), JSON.stringify(sub)).to.equal("SUBJECT");
  });

  const refused: [string, () => string | Promise<string>][] = [
    ["signed by a stranger under the known key's id", () => user({}, {}, stranger.privateKey)],
    ["with an unknown key's id", () => user({}, { kid: "k2" })],
    ["for another audience", () => user({ aud: "bank" })],
    ["without an audience", () => user({ aud: undefined })],
    ["of another issuer", () => user({ iss: "https://evil.test" })],
    ["without an issuer", () => user({ iss: undefined })],
    ["without an expiry", () => user({ exp: undefined })],
    ["without a subject", () => user({ sub: undefined })],
    ["not yet valid", () => user({ nbf: now() + 60 })],
    ["unsigned (alg none)", () => unsigned({ iss: ISSUER, aud: AUDIENCE, sub: "alice", exp: now() + 60 })],
    [
      "unsigned (alg none) as a guest's",
      () =>
        unsigned({ iss: "cartwright-gateway-session", aud: "cartwright-guest", sub: "x", exp: now() + 60 }),
    ],
    [
      "signed with HS256 and the public key as the secret",
      () => {
        const pem = issuer.publicKey.export({ type: "spki", format: "pem" }) as string;
        return user({}, { alg: "HS256" }, symmetric(pem));
      },
    ],
    [
      "signed with HS256 and the session secret, but as a user's",
      () => user({}, { alg: "HS256" }, symmetric(SESSION_SECRET)),
    ],
    ["of a guest, signed with another secret", () => session({}, "another-secret-of-at-least-32-bytes")],
    ["of a guest, for another audience", () => session({ aud: "cartwright-cart" })],
    ["of a guest, without an expiry", () => session({ exp: undefined })],
    [
      "between gateway and cart, signed with the session secret",
      () =>
        createInternalTokenSigner({ keys: SESSION_KEYS, audience: CART_AUDIENCE }).sign({
          owner: "user:alice",
          kind: "user",
        }),
    ],
    ["cut short", async () => (await user()).slice(0, -3)],
    ["that is no token", () => "alice"],
    ["of two parts", () => "a.b"],
  ];
  for (const [what, make] of refused) {
    it(`${what} is refused without a word why`, async () => {
      expect(await codeOf(await make())).to.equal("INVALID");
    });
  }

  it("that has expired is refused, and says so", async () => {
    expect(await codeOf(await user({ exp: now() - 60 }))).to.equal("EXPIRED");
    expect(await codeOf(await session({ exp: now() - 1 }))).to.equal("EXPIRED");
  });

  it("that expires absurdly late, as an exp in milliseconds does, is refused, and says so", async () => {
    const year = 365 * 86_400;
    expect(await codeOf(await user({ exp: now() + year }))).to.equal("user:alice");
    expect(await codeOf(await session({ exp: now() + year }))).to.match(/^guest:/);
    for (const exp of [Date.now() + 60_000, now() + 2 * year, 1e300]) {
      expect(await codeOf(await user({ exp })), String(exp)).to.equal("EXPIRES_TOO_LATE");
      expect(await codeOf(await session({ exp })), String(exp)).to.equal("EXPIRES_TOO_LATE");
    }
  });

  it("that has expired and is forged does not say so", async () => {
    expect(await codeOf(await user({ exp: now() - 60 }, {}, stranger.privateKey))).to.equal("INVALID");
  });

  it("of a user is refused where only guests are served", async () => {
    const result = await createTokenVerifier(SESSION_KEYS, null)(await user());
    expect(result.ok || result.error.code).to.equal("INVALID");
  });

  it("of another algorithm than the pinned one is refused, though the key set has its key", async () => {
    const rsa = await testIssuer("RSA", "rsa");
    const both = { keys: [...issuer.jwks.keys, ...rsa.jwks.keys] };
    const pinnedTo = (algorithms: string[]) => {
      const keys = openKeySet(both, recordingLogger().log);
      return createTokenVerifier(SESSION_KEYS, { keys, issuer: ISSUER, audience: AUDIENCE, algorithms });
    };
    const token = await user({}, { alg: "RS256", kid: "rsa" }, rsa.privateKey);
    expect((await pinnedTo(["ES256"])(token)).ok).to.equal(false);
    expect((await pinnedTo(["ES256", "RS256"])(token)).ok).to.equal(true);
  });

  describe("that several keys of the set fit", () => {
    const several = async (kids: readonly (string | undefined)[]) => {
      const issuers = await Promise.all(kids.map((kid) => testIssuer("EC", kid)));
      const keys = issuers.flatMap(({ jwks }, at) =>
        jwks.keys.map(({ kid: _, ...key }) => ({ ...key, ...(kids[at] !== undefined && { kid: kids[at] }) })),
      );
      const { log, lines } = recordingLogger();
      const set = openKeySet({ keys }, log);
      const users = { keys: set, issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"] };
      return { issuers, lines, verify: createTokenVerifier(SESSION_KEYS, users, log) };
    };
    const by = ({ privateKey }: TestIssuer, header: Partial<JWTHeaderParameters>, claims = {}) =>
      user(claims, { kid: undefined, ...header } as Partial<JWTHeaderParameters>, privateKey);

    it("without a kid is tried with each", async () => {
      const { issuers, verify } = await several(["k1", "k2", "k3"]);
      for (const each of issuers) expect((await verify(await by(each, {}))).ok).to.equal(true);
    });

    it("by a kid that is repeated is tried with each of these", async () => {
      const { issuers, verify } = await several(["k1", "k1", "k2"]);
      expect((await verify(await by(issuers[0]!, { kid: "k1" }))).ok).to.equal(true);
      expect((await verify(await by(issuers[1]!, { kid: "k1" }))).ok).to.equal(true);
      expect((await verify(await by(issuers[2]!, { kid: "k1" }))).ok, "another one's key").to.equal(false);
    });

    it("is refused when none has signed it, and has to be valid besides", async () => {
      const { issuers, verify } = await several([undefined, undefined]);
      const codeOf = async (token: string) => {
        const result = await verify(token);
        return result.ok || result.error.code;
      };
      expect(await codeOf(await by(stranger, {}))).to.equal("INVALID");
      expect(await codeOf(await by(issuers[1]!, {}, { aud: "bank" }))).to.equal("INVALID");
      expect(await codeOf(await by(issuers[1]!, {}, { exp: now() - 60 }))).to.equal("EXPIRED");
      expect(await codeOf(await by(issuers[1]!, {}))).to.equal(true);
    });

    it("is told of once when no key fits, however many come", async () => {
      const { issuers, verify, lines } = await several(["k1"]);
      for (let i = 0; i < 3; i++) await verify(await by(issuers[0]!, { kid: `gone-${i}` }));
      const told = lines.filter(({ msg }) => msg === "a user's token was refused for its key");
      expect(told.map(({ kid }) => kid)).to.deep.equal(["gone-0"]);
    });
  });
});
