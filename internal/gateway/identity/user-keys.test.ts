import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { expect } from "chai";
import { SignJWT } from "jose";
import { Registry } from "../../platform/metrics/metrics.ts";
import { eventually } from "../../testkit/eventually.ts";
import { SESSION_KEYS } from "../../testkit/gateway-keys.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { type RecordingUpstream, startUpstream } from "../../testkit/recording-upstream.ts";
import { AUDIENCE, ISSUER, type TestIssuer, testIssuer } from "../../testkit/test-issuer.ts";
import { rememberTokens } from "./token-cache.ts";
import { createTokenVerifier } from "./tokens.ts";
import { openKeySet, readKeySource } from "./user-keys.ts";

describe("Keys from a URL", () => {
  let issuer: TestIssuer;
  let server: RecordingUpstream;
  let answer: (res: ServerResponse) => void;
  const serveKeys = (res: ServerResponse) => res.end(JSON.stringify(issuer.jwks));
  before(async () => {
    issuer = await testIssuer();
  });
  beforeEach(async () => {
    answer = serveKeys;
    server = await startUpstream((_req, res) => answer(res));
  });
  afterEach(() => server.close());

  const token = (kid = "k1") =>
    new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: "alice" })
      .setProtectedHeader({ alg: "ES256", kid })
      .setExpirationTime("1m")
      .sign(issuer.privateKey);
  const verifier = (refreshMs?: number) => {
    const { log, lines } = recordingLogger();
    const keys = openKeySet(readKeySource(`${server.url}/jwks`), log, refreshMs);
    const users = { keys, issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"] };
    const verify = createTokenVerifier(SESSION_KEYS, users);
    const codeOf = async (kid?: string) => {
      const result = await verify(await token(kid));
      return result.ok ? result.value.identity.owner : result.error.code;
    };
    return { verify, codeOf, lines };
  };

  it("are fetched once, when first needed", async () => {
    const { codeOf } = verifier();
    expect(server.asked.length).to.equal(0);
    expect(await Promise.all([codeOf(), codeOf(), codeOf()])).to.deep.equal(Array(3).fill("user:alice"));
    await codeOf();
    expect(server.asked.length).to.equal(1);
  });

  it("are not asked for again at once for each unknown key id", async () => {
    const { codeOf } = verifier();
    await codeOf();
    for (let i = 0; i < 5; i++) expect(await codeOf(`unknown-${i}`)).to.equal("INVALID");
    expect(server.asked.length).to.equal(1);
  });

  const down: [string, (res: ServerResponse) => void][] = [
    ["answers 500", (res) => res.writeHead(500).end("{}")],
    ["redirects", (res) => res.writeHead(302, { location: "/elsewhere" }).end()],
    ["answers no JSON", (res) => res.end("<html>")],
    ["answers JSON that is no key set", (res) => res.end('{"keys":1}')],
    [
      "answers more than 256 KiB",
      (res) => res.end(JSON.stringify({ ...issuer.jwks, more: "x".repeat(300_000) })),
    ],
    [
      "answers more than 256 KiB once it is decoded",
      (res) =>
        res
          .setHeader("content-encoding", "gzip")
          .end(gzipSync(JSON.stringify({ ...issuer.jwks, more: "x".repeat(50_000_000) }))),
    ],
    ["hangs up", (res) => res.destroy()],
  ];
  for (const [what, how] of down) {
    it(`are unavailable, which is not the token's fault, when the URL ${what}; and come back`, async () => {
      const { codeOf } = verifier();
      answer = how;
      expect(await codeOf()).to.equal("KEYS_UNAVAILABLE");
      answer = serveKeys;
      expect(await codeOf()).to.equal("user:alice");
    });
  }

  it("are refused from a redirect, and the cause says where it leads", async () => {
    answer = (res) => res.writeHead(308, { location: "https://id.test/keys" }).end();
    const { verify } = verifier();
    const result = await verify(await token());
    if (result.ok || result.error.code !== "KEYS_UNAVAILABLE") throw new Error("it was taken");
    expect(String(result.error.cause)).to.include("redirects (308) to https://id.test/keys");
  });

  it("come compressed", async () => {
    answer = (res) =>
      res.setHeader("content-encoding", "br").end(brotliCompressSync(JSON.stringify(issuer.jwks)));
    expect(await verifier().codeOf()).to.equal("user:alice");
  });

  it("are unavailable when nobody listens there", async () => {
    const { codeOf } = verifier();
    await server.close();
    expect(await codeOf()).to.equal("KEYS_UNAVAILABLE");
    server = await startUpstream();
  });

  it("go on working when they cannot be renewed, and the log says so", async () => {
    const { codeOf, lines } = verifier(1);
    await codeOf();
    answer = (res) => res.writeHead(503).end();
    await eventually("a renewal failed", async () => {
      expect(await codeOf()).to.equal("user:alice");
      return lines.some(({ msg }) => msg === "keys not refreshed");
    });
    expect(await codeOf()).to.equal("user:alice");
  });

  it("that the issuer withdrew stop working with the next renewal", async () => {
    const { codeOf } = verifier(1);
    await codeOf();
    const other = await testIssuer("EC", "k9");
    answer = (res) => res.end(JSON.stringify(other.jwks));
    await eventually("the old key is refused", async () => (await codeOf()) === "INVALID");
  });

  it("that the issuer withdrew stop working for tokens that are remembered, too", async () => {
    const { log } = recordingLogger();
    const keys = openKeySet(new URL(`${server.url}/jwks`), log, 1);
    const users = { keys, issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"] };
    const verify = rememberTokens(createTokenVerifier(SESSION_KEYS, users), {
      entries: 10,
      edition: keys.edition,
      registry: new Registry(),
    });
    const [withdrawn, other] = [await token(), await testIssuer("EC", "k9")];
    expect((await verify(withdrawn)).ok).to.equal(true);
    expect((await verify(withdrawn)).ok).to.equal(true);
    answer = (res) => res.end(JSON.stringify(other.jwks));
    await eventually("other tokens have had the keys renewed", async () => {
      await verify(await token());
      return !(await verify(await token())).ok;
    });
    const result = await verify(withdrawn);
    expect(result.ok || result.error.code).to.equal("INVALID");
  });
});

describe("Keys from a file", () => {
  const dir = mkdtempSync(join(tmpdir(), "cartwright-keys-"));
  after(() => rmSync(dir, { recursive: true }));

  it("are read at start", async () => {
    const file = join(dir, "jwks.json");
    const { jwks } = await testIssuer();
    writeFileSync(file, JSON.stringify(jwks));
    expect(readKeySource(file)).to.deep.equal(jwks);
  });

  it("are refused when the file is missing or no key set", () => {
    const file = join(dir, "broken.json");
    expect(() => readKeySource(file)).to.throw("ENOENT");
    for (const text of ["", "{", "[]", '{"keys":{}}']) {
      writeFileSync(file, text);
      expect(() => readKeySource(file), text).to.throw();
    }
  });
});
