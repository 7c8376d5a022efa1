import { expect } from "chai";
import { decodeJwt, SignJWT } from "jose";
import { createInternalTokenSigner, createInternalTokenVerifier, isOwner } from "./internal-token.ts";

describe("The internal token", () => {
  const secret = "a-secret-between-gateway-and-cart";
  const signer = createInternalTokenSigner({ secret });
  const verify = (token: string) => createInternalTokenVerifier({ secret }).verify(token);

  const signed = (claims: Record<string, unknown>, { key = secret, alg = "HS256" } = {}) =>
    new SignJWT({ iss: "cartwright-gateway", aud: "cartwright-cart", sub: "user:mallory", ...claims })
      .setProtectedHeader({ alg })
      .sign(new TextEncoder().encode(key));
  const soon = () => Math.floor(Date.now() / 1000) + 60;

  it("carries an owner to whoever has the secret", async () => {
    for (const owner of [
      "user:alice",
      "guest:0b8f6a1e-5a0e-4c57-8f39-3ad1f1a0e8a7",
      `user:${"x".repeat(128)}`,
    ]) {
      expect(await verify(await signer.sign(owner))).to.equal(owner);
    }
  });

  it("lives a minute unless told otherwise", async () => {
    const { iat, exp } = decodeJwt(await signer.sign("user:alice"));
    expect(exp! - iat!).to.equal(60);
    const brief = decodeJwt(await createInternalTokenSigner({ secret, ttlSeconds: 7 }).sign("user:alice"));
    expect(brief.exp! - brief.iat!).to.equal(7);
  });

  it("is signed once per owner and then at hand", async () => {
    const signer = createInternalTokenSigner({ secret });
    expect(signer.cached("user:alice")).to.equal(undefined);
    const token = await signer.sign("user:alice");
    expect(signer.cached("user:alice")).to.equal(token);
    expect(await signer.sign("user:alice")).to.equal(token);
    expect(await signer.sign("user:bob")).not.to.equal(token);
  });

  it("is not signed for what is no owner", async () => {
    for (const owner of [
      "alice",
      "admin:alice",
      "user:",
      "user:a b",
      "user:a\n",
      `user:${"x".repeat(129)}`,
      "",
    ]) {
      expect(isOwner(owner), owner).to.equal(false);
      const refused = await signer.sign(owner).catch((error: Error) => error.message);
      expect(refused, owner).to.equal("not an owner");
    }
  });

  it("made as the signer makes it, but by hand, is taken: what the next tests vary is the fault", async () => {
    expect(await verify(await signed({ exp: soon() }))).to.equal("user:mallory");
  });

  const refused: [string, () => Promise<string>][] = [
    ["signed with another secret", () => signed({ exp: soon() }, { key: "x".repeat(40) })],
    ["expired", () => signed({ exp: Math.floor(Date.now() / 1000) - 1 })],
    ["without an expiry", () => signed({})],
    ["for another audience", () => signed({ exp: soon(), aud: "cartwright-guest" })],
    ["of another issuer", () => signed({ exp: soon(), iss: "cartwright-gateway-session" })],
    ["of another algorithm", () => signed({ exp: soon() }, { alg: "HS512" })],
    ["without a subject", () => signed({ exp: soon(), sub: undefined })],
    ["whose subject is no owner", () => signed({ exp: soon(), sub: "mallory" })],
    ["not yet valid", () => signed({ exp: soon(), nbf: soon() })],
    [
      "unsigned (alg none)",
      async () => {
        const [, payload] = (await signed({ exp: soon() })).split(".");
        return `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`;
      },
    ],
    [
      "with another payload under a good signature",
      async () => {
        const [header, , signature] = (await signed({ exp: soon() })).split(".");
        const payload = { ...decodeJwt(await signed({ exp: soon() })), sub: "user:alice" };
        return `${header}.${Buffer.from(JSON.stringify(payload)).toString("base64url")}.${signature}`;
      },
    ],
    ["cut short", async () => (await signed({ exp: soon() })).slice(0, -2)],
    ["that is no token", async () => "user:alice"],
    ["that is empty", async () => ""],
  ];
  for (const [what, make] of refused) {
    it(`${what} is refused`, async () => {
      expect(await verify(await make())).to.equal(null);
    });
  }

  it("that was verified is remembered, and not beyond its expiry", async () => {
    const verifier = createInternalTokenVerifier({ secret });
    const exp = Math.floor(Date.now() / 1000) + 2;
    const token = await signed({ exp });
    expect(verifier.cached(token)).to.equal(undefined);
    await verifier.verify(token);
    expect(verifier.cached(token)).to.equal("user:mallory");
    while (Date.now() < exp * 1000 + 5) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(verifier.cached(token)).to.equal(undefined);
    expect(await verifier.verify(token)).to.equal(null);
  });

  it("that was refused is not remembered", async () => {
    const verifier = createInternalTokenVerifier({ secret });
    const token = await signed({ exp: soon() }, { key: "x".repeat(40) });
    await verifier.verify(token);
    expect(verifier.cached(token)).to.equal(undefined);
  });
});
