import { expect } from "chai";
import { decodeJwt, SignJWT } from "jose";
import { eventually } from "../../testkit/eventually.ts";
import { identityOf } from "./identity.ts";
import { createInternalTokenSigner, createInternalTokenVerifier } from "./internal-token.ts";
import { fixedKeyRing } from "./key-ring.ts";

describe("The internal token", () => {
  const secret = "a-secret-between-gateway-and-cart";
  const keys = fixedKeyRing(secret);
  const audience = "cartwright-cart";
  const signer = createInternalTokenSigner({ keys, audience });
  const verify = (token: string) => createInternalTokenVerifier({ keys, audience }).verify(token);

  const signed = (claims: Record<string, unknown>, { key = secret, alg = "HS256" } = {}) =>
    new SignJWT({ iss: "cartwright-gateway", aud: "cartwright-cart", sub: "user:mallory", ...claims })
      .setProtectedHeader({ alg })
      .sign(new TextEncoder().encode(key));
  const soon = () => Math.floor(Date.now() / 1000) + 60;

  /** Signs an owner as a user or a guest, whether or not it is one. */
  const sign = (owner: string) => signer.sign({ owner, kind: owner.startsWith("user:") ? "user" : "guest" });

  it("carries an owner to whoever has the secret", async () => {
    for (const owner of [
      "user:alice",
      "guest:0b8f6a1e-5a0e-4c57-8f39-3ad1f1a0e8a7",
      `user:${"x".repeat(255)}`,
      "user:a b",
    ]) {
      expect(await verify(await sign(owner)))
        .to.deep.equal(identityOf(owner))
        .and.not.equal(null);
    }
  });

  it("says which kind of owner it is, and which guest a user was, when that is known", async () => {
    const guest = "guest:0b8f6a1e-5a0e-4c57-8f39-3ad1f1a0e8a7";
    expect(await verify(await sign(guest))).to.deep.equal({ owner: guest, kind: "guest" });
    const merged = { owner: "user:alice", kind: "user", guest } as const;
    expect(await verify(await signer.sign(merged))).to.deep.equal(merged);
    expect(await verify(await sign("user:alice"))).to.deep.equal({ owner: "user:alice", kind: "user" });
  });

  it("is for one audience", async () => {
    const other = createInternalTokenVerifier({ keys, audience: "cartwright-orders" });
    expect(await other.verify(await sign("user:alice"))).to.equal(null);
    const orders = createInternalTokenSigner({ keys, audience: "cartwright-orders" });
    const token = await orders.sign({ owner: "user:alice", kind: "user" });
    expect(await other.verify(token)).to.deep.equal({ owner: "user:alice", kind: "user" });
    expect(await verify(token)).to.equal(null);
  });

  it("lives a minute unless told otherwise", async () => {
    const { iat, exp } = decodeJwt(await signer.sign({ owner: "user:alice", kind: "user" }));
    expect(exp! - iat!).to.equal(60);
    const brief = decodeJwt(
      await createInternalTokenSigner({ keys, audience, ttlSeconds: 7 }).sign({
        owner: "user:alice",
        kind: "user",
      }),
    );
    expect(brief.exp! - brief.iat!).to.equal(7);
  });

  it("is signed once per identity and given again", async () => {
    const token = await sign("user:alice");
    expect(await sign("user:alice")).to.equal(token);
    expect(await sign("user:bob")).not.to.equal(token);
    const merged = await signer.sign({ owner: "user:alice", kind: "user", guest: "guest:1" });
    expect(merged).not.to.equal(token);
    expect(await sign("user:alice guest:1"), "a user who is called so").not.to.equal(merged);
  });

  it("is not signed for what is no owner", async () => {
    for (const owner of [
      "alice",
      "admin:alice",
      "user:",
      "user:a ",
      "user: a",
      "user:a\n",
      "user:a\u0000b",
      "user:ä",
      `user:${"x".repeat(256)}`,
      "",
    ]) {
      expect(identityOf(owner), owner).to.equal(null);
      const refused = await sign(owner).catch((error: Error) => error.message);
      expect(refused, owner).to.equal("not an identity");
    }
  });

  it("made as the signer makes it, but by hand, is taken: what the next tests vary is the fault", async () => {
    expect(await verify(await signed({ exp: soon() }))).to.have.property("owner", "user:mallory");
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
    ["of a user whose guest is none", () => signed({ exp: soon(), guest: "user:victim" })],
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

  it("that was verified is not taken beyond its expiry", async () => {
    const verifier = createInternalTokenVerifier({ keys, audience });
    const exp = Math.floor(Date.now() / 1000) + 2;
    const token = await signed({ exp });
    const first = await verifier.verify(token);
    expect(first).to.have.property("owner", "user:mallory");
    expect(await verifier.verify(token), "remembered").to.equal(first);
    await eventually("it is over", async () => (await verifier.verify(token)) === null);
    expect(Date.now()).to.be.at.least(exp * 1000);
  });

  it("that was verified is remembered among as many as told, the latest", async () => {
    const verifier = createInternalTokenVerifier({ keys, audience, entries: 2 });
    const [one, two, three] = await Promise.all(["user:1", "user:2", "user:3"].map(sign));
    const first = await verifier.verify(one!);
    await verifier.verify(two!);
    expect(await verifier.verify(one!)).to.equal(first);
    await verifier.verify(two!);
    await verifier.verify(three!);
    const anew = await verifier.verify(one!);
    expect(anew).to.deep.equal(first);
    expect(anew, "forgotten meanwhile").not.to.equal(first);
  });

  it("that was refused is not remembered", async () => {
    const verifier = createInternalTokenVerifier({ keys, audience });
    const token = await signed({ exp: soon() }, { key: "x".repeat(40) });
    for (let i = 0; i < 2; i++) expect(await verifier.verify(token)).to.equal(null);
  });
});
