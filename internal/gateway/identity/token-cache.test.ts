import { expect } from "chai";
import { Registry } from "../../platform/metrics/metrics.ts";
import { err, ok } from "../../platform/result/result.ts";
import { rememberTokens } from "./token-cache.ts";
import type { VerifyToken } from "./tokens.ts";

describe("The memory of verified tokens", () => {
  let asked: string[];
  let edition: number;
  let verify: VerifyToken;
  let lifetimeMs: number;
  beforeEach(() => {
    asked = [];
    edition = 1;
    lifetimeMs = 60_000;
    verify = rememberTokens(
      async (token) => {
        asked.push(token);
        return token.startsWith("bad")
          ? err({ code: "INVALID" })
          : ok({ identity: { owner: `user:${token}`, kind: "user" }, expiresAt: Date.now() + lifetimeMs });
      },
      { entries: 10, edition: () => edition, registry: new Registry() },
    );
  });
  const ownerOf = async (token: string) => {
    const result = await verify(token);
    return result.ok ? result.value.identity.owner : result.error.code;
  };

  it("asks once for a token that is good, each time for one that is not", async () => {
    for (let i = 0; i < 3; i++) expect(await ownerOf("a")).to.equal("user:a");
    for (let i = 0; i < 3; i++) expect(await ownerOf("bad")).to.equal("INVALID");
    expect(asked).to.deep.equal(["a", "bad", "bad", "bad"]);
  });

  it("verifies again once the key edition changes", async () => {
    await ownerOf("a");
    edition++;
    await ownerOf("a");
    expect(asked).to.deep.equal(["a", "a"]);
  });

  it("does not take a token for verified by keys that came while it was verified", async () => {
    const pending = verify("a");
    edition++;
    await pending;
    await ownerOf("a");
    expect(asked).to.deep.equal(["a", "a"]);
  });

  it("ends with the token", async () => {
    lifetimeMs = 0;
    await ownerOf("a");
    await ownerOf("a");
    expect(asked).to.deep.equal(["a", "a"]);
  });

  it("ends after a minute, however long the token lives", async () => {
    lifetimeMs = 86_400_000;
    const { now } = Date;
    try {
      await ownerOf("a");
      Date.now = () => now() + 59_000;
      await ownerOf("a");
      expect(asked.length).to.equal(1);
      Date.now = () => now() + 61_000;
      await ownerOf("a");
      expect(asked.length).to.equal(2);
    } finally {
      Date.now = now;
    }
  });

  it("holds as many tokens as it is told, the least used go first, and large ones take more room", async () => {
    for (let i = 0; i < 10; i++) await ownerOf(`t${i}`);
    await ownerOf("t0");
    await ownerOf("one more");
    asked.length = 0;
    for (const token of ["t0", "t2", "t9", "one more"]) await ownerOf(token);
    expect(asked).to.deep.equal([]);
    await ownerOf("t1");
    expect(asked).to.deep.equal(["t1"]);
    await ownerOf("x".repeat(6_000));
    asked.length = 0;
    for (let i = 2; i < 10; i++) await ownerOf(`t${i}`);
    expect(asked.length, "made room for it").to.be.at.least(1);
  });
});
