import { expect } from "chai";
import { decodeProtectedHeader, SignJWT } from "jose";
import { UNREADABLE_HEADERS } from "../../testkit/unreadable-headers.ts";
import { createInternalTokenSigner, createInternalTokenVerifier } from "./internal-token.ts";
import { candidatesAmong, fixedKeyRing, type KeyRing, signingKey } from "./key-ring.ts";
import { signToken, verifyToken } from "./signed-token.ts";

const [OLD, NEW, NEXT] = ["old", "new", "next"].map((word) => `${word}-${"s".repeat(32)}`) as [
  string,
  string,
  string,
];
const claims = { iss: "issuer", aud: "audience", sub: "guest:1" };
const expected = { issuer: "issuer", audience: "audience" };

/** A ring whose keys the test changes. */
function turningRing(...secrets: string[]): KeyRing & { turn(...secrets: string[]): void } {
  let keys = secrets.map(signingKey);
  let edition = 0;
  return {
    current: () => keys[0]!,
    candidates: (kid) => candidatesAmong(keys, kid),
    edition: () => edition,
    turn: (...next) => {
      keys = next.map(signingKey);
      edition++;
    },
  };
}

const verdict = (ring: KeyRing, token: string) =>
  verifyToken(ring, token, expected).then(
    () => "taken",
    (error: { code: string }) => error.code,
  );

describe("A signed token", () => {
  it("names the key that signed it, without telling it", async () => {
    const token = await signToken(fixedKeyRing(OLD), claims, 60);
    const { kid } = decodeProtectedHeader(token);
    expect(kid)
      .to.equal(signingKey(OLD).id)
      .and.match(/^[0-9a-f]{8}$/);
  });

  it("is taken by whoever accepts its key, current or previous, and by nobody else", async () => {
    const token = await signToken(fixedKeyRing(OLD), claims, 60);
    expect(await verdict(turningRing(OLD, NEW), token)).to.equal("taken");
    expect(await verdict(turningRing(NEW, OLD), token)).to.equal("taken");
    expect(await verdict(turningRing(NEW, NEXT), token)).to.equal("ERR_JWS_SIGNATURE_VERIFICATION_FAILED");
  });

  it("that names no key, as older versions signed, is tried with each", async () => {
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256" })
      .setExpirationTime("60s")
      .sign(signingKey(OLD).bytes);
    expect(await verdict(turningRing(NEW, OLD), token)).to.equal("taken");
    expect(await verdict(turningRing(NEW), token)).to.equal("ERR_JWS_SIGNATURE_VERIFICATION_FAILED");
  });

  it("whose protected header cannot be read is refused as a token, like any other that is not well-formed", async () => {
    const token = await signToken(fixedKeyRing(OLD), claims, 60);
    for (const header of UNREADABLE_HEADERS) {
      const other = token.replace(/^[^.]*/, header);
      expect(await verdict(turningRing(OLD), other), header).to.equal("ERR_JWS_INVALID");
    }
  });

  it("that is over is over, whichever key signed it", async () => {
    const token = await signToken(fixedKeyRing(OLD), claims, -10);
    expect(await verdict(turningRing(NEW, OLD), token)).to.equal("ERR_JWT_EXPIRED");
  });
});

describe("An internal token over a rotation", () => {
  it("is accepted at every step, by pods that are a step ahead or behind", async () => {
    const steps = [
      [OLD, NEXT],
      [OLD, NEW],
      [NEW, OLD],
    ];
    for (let step = 0; step + 1 < steps.length; step++) {
      for (const [signs, verifies] of [
        [step, step + 1],
        [step + 1, step],
      ] as const) {
        const options = { audience: "cart" };
        const signer = createInternalTokenSigner({ keys: turningRing(...steps[signs]!), ...options });
        const verifier = createInternalTokenVerifier({ keys: turningRing(...steps[verifies]!), ...options });
        const token = await signer.sign({ owner: "guest:g1", kind: "guest" });
        expect(await verifier.verify(token), `signed at ${signs}, seen at ${verifies}`).to.include({
          kind: "guest",
        });
      }
    }
  });

  it("is signed anew with the new key, and no longer taken from memory once its key is withdrawn", async () => {
    const keys = turningRing(OLD);
    const signer = createInternalTokenSigner({ keys, audience: "cart" });
    const verifier = createInternalTokenVerifier({ keys, audience: "cart" });
    const before = await signer.sign({ owner: "user:alice", kind: "user" });
    expect(await verifier.verify(before)).to.include({ owner: "user:alice" });
    keys.turn(NEW);
    expect(await verifier.verify(before)).to.equal(null);
    const after = await signer.sign({ owner: "user:alice", kind: "user" });
    expect(decodeProtectedHeader(after).kid).to.equal(signingKey(NEW).id);
    expect(await verifier.verify(after)).to.include({ owner: "user:alice" });
  });
});
