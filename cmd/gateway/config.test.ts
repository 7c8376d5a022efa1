import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { testIssuer } from "../../internal/testkit/test-issuer.ts";

describe("The gateway's configuration", () => {
  const dir = mkdtempSync(join(tmpdir(), "cartwright-config-"));
  const jwks = join(dir, "jwks.json");
  before(async () => writeFileSync(jwks, JSON.stringify((await testIssuer()).jwks)));
  after(() => rmSync(dir, { recursive: true }));

  const good = {
    HOST: "127.0.0.1",
    PORT: "0",
    ADMIN_PORT: "0",
    CART_URL: "http://cart:8080",
    CATALOG_URL: "http://catalog:8080",
    INTERNAL_TOKEN_SECRET: "i".repeat(32),
    SESSION_SECRET: "s".repeat(32),
    REDIS_URL: "redis://redis:6379",
  };
  const users = () => ({
    JWT_JWKS: jwks,
    JWT_ISSUER: "https://issuer.test",
    JWT_AUDIENCE: "shop",
    JWT_ALGORITHMS: "ES256,RS256",
  });

  /** Reads the configuration in a process of its own; gives its exit code and what it said. */
  function read(env: NodeJS.ProcessEnv) {
    const config = fileURLToPath(new URL("./config.ts", import.meta.url));
    const script = `import { readConfig } from ${JSON.stringify(config)}; console.log(JSON.stringify(readConfig()))`;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--input-type=module-typescript", "-e", script],
      { env, encoding: "utf8" },
    );
    const faults = stderr.split("\n").flatMap((line) => /^ {2}(\w+): /.exec(line)?.[1] ?? []);
    return { status, stderr, faults, config: status === 0 ? JSON.parse(stdout) : null };
  }

  it("needs where its upstreams and Redis are and two secrets; the rest has defaults", () => {
    const { status, config } = read(good);
    expect(status).to.equal(0);
    expect(config).to.include({
      ACCESS_TOKEN_TTL_SECONDS: 900,
      REFRESH_TOKEN_TTL_SECONDS: 86_400,
      REFRESH_TOKEN_GRACE_SECONDS: 30,
      REDIS_TIMEOUT_MS: 1_000,
      UPSTREAM_TIMEOUT_MS: 10_000,
      BODY_LIMIT_BYTES: 65_536,
    });
    expect(read({ ...good, HOST: undefined }).config.HOST).to.equal("0.0.0.0");
  });

  it("limits requests unless told otherwise, and lets a burst of 200 calls of one owner through", () => {
    const { config } = read(good);
    expect(config).to.deep.include({
      RATE_LIMIT_OWNER: { points: 600, seconds: 60 },
      RATE_LIMIT_ADDRESS: { points: 6000, seconds: 60 },
      RATE_LIMIT_SESSION: { points: 600, seconds: 60 },
      TRUSTED_PROXIES: [],
      CORS_ORIGINS: [],
      HSTS_SECONDS: 0,
    });
    expect(config.RATE_LIMIT_OWNER.points).to.be.at.least(200);
  });

  it("takes quotas as requests in seconds, or off, each for itself", () => {
    const { config } = read({ ...good, RATE_LIMIT_OWNER: "off", RATE_LIMIT_ADDRESS: "5/10" });
    expect([config.RATE_LIMIT_OWNER, config.RATE_LIMIT_ADDRESS]).to.deep.equal([
      null,
      { points: 5, seconds: 10 },
    ]);
    for (const wrong of ["none", "0/60", "60", "OFF"])
      expect(read({ ...good, RATE_LIMIT_OWNER: wrong }).faults, wrong).to.deep.equal(["RATE_LIMIT_OWNER"]);
  });

  it("refuses a session that would end before its access token, and a gateway without Redis", () => {
    const narrow = { ...good, BODY_LIMIT_BYTES: "262145", BODIES_TOTAL_BYTES: "262144" };
    expect(read(narrow).stderr).to.include("must be at least BODY_LIMIT_BYTES");
    const short = { ...good, ACCESS_TOKEN_TTL_SECONDS: "600", REFRESH_TOKEN_TTL_SECONDS: "599" };
    const { faults, stderr } = read(short);
    expect(faults).to.deep.equal(["REFRESH_TOKEN_TTL_SECONDS"]);
    expect(stderr).to.include("must be at least ACCESS_TOKEN_TTL_SECONDS");
    expect(read({ ...good, REDIS_URL: undefined }).faults).to.deep.equal(["REDIS_URL"]);
  });

  it("takes origins as browsers send them, or all, and nothing else", () => {
    const { config } = read({ ...good, CORS_ORIGINS: "https://shop.example, http://localhost:3000" });
    expect(config.CORS_ORIGINS).to.deep.equal(["https://shop.example", "http://localhost:3000"]);
    expect(read({ ...good, CORS_ORIGINS: "*" }).config.CORS_ORIGINS).to.deep.equal(["*"]);
    for (const wrong of [
      "shop.example",
      "https://shop.example/",
      "https://Shop.example",
      "*,https://a.b",
      "null",
    ])
      expect(read({ ...good, CORS_ORIGINS: wrong }).faults, wrong).to.deep.equal(["CORS_ORIGINS"]);
  });

  it("takes base URLs of the services, each place once, and a fallback of the same protocol", () => {
    const { config } = read({
      ...good,
      CART_URL: "http://a:1/x, http://b:1",
      CART_FALLBACK_URL: "http://lb",
    });
    expect(config.CART_URL).to.deep.equal(["http://a:1/x", "http://b:1"]);
    for (const CART_URL of [
      "http://:pw@a",
      "http://u@a",
      "http://a?x",
      "http://a#y",
      "http://a/x,http://a/y",
    ])
      expect(read({ ...good, CART_URL }).faults, CART_URL).to.deep.equal(["CART_URL"]);
    for (const CART_FALLBACK_URL of ["https://lb", "http://u:p@lb", "lb", "http://lb?x#y"])
      expect(read({ ...good, CART_FALLBACK_URL }).faults, CART_FALLBACK_URL).to.deep.equal([
        "CART_FALLBACK_URL",
      ]);
  });

  it("takes proxies to trust as addresses and networks, and nothing else", () => {
    const { config } = read({ ...good, TRUSTED_PROXIES: "10.0.0.0/8, ::1,fd00::/8" });
    expect(config.TRUSTED_PROXIES).to.deep.equal(["10.0.0.0/8", "::1", "fd00::/8"]);
    for (const wrong of ["all", "10.0.0.0/33", "10.0.0.0/8/8", "fd00::/129", "10.0.0.0/8,"])
      expect(read({ ...good, TRUSTED_PROXIES: wrong }).faults, wrong).to.deep.equal(["TRUSTED_PROXIES"]);
  });

  it("takes users' keys from a file or a URL", () => {
    expect(read({ ...good, ...users() }).config.JWT_JWKS.keys.length).to.equal(1);
    const remote = { ...users(), JWT_JWKS: "https://issuer.test/jwks" };
    expect(read({ ...good, ...remote }).config).to.deep.include({
      JWT_JWKS: "https://issuer.test/jwks",
      JWT_ALGORITHMS: ["ES256", "RS256"],
    });
  });

  it("names all faults at once, each by its variable, and exits with 1", () => {
    const { status, faults } = read({
      PORT: "http",
      ADMIN_PORT: "65536",
      CART_URL: "redis://cart",
      INTERNAL_TOKEN_SECRET: "short",
      ACCESS_TOKEN_TTL_SECONDS: "0",
      REFRESH_TOKEN_TTL_SECONDS: "x",
      REFRESH_TOKEN_GRACE_SECONDS: "61",
      REDIS_TIMEOUT_MS: "1",
      TOKEN_CACHE_ENTRIES: "0",
      UPSTREAM_TIMEOUT_MS: "1e3",
      BODY_LIMIT_BYTES: "-1",
      RATE_LIMIT_OWNER: "many",
      RATE_LIMIT_ADDRESS: "10/0",
      RATE_LIMIT_SESSION: "10",
      RATE_LIMIT_TIMEOUT_MS: "0",
      RATE_LIMIT_WITHOUT_REDIS: "maybe",
      REDIS_URL: "http://redis",
      LOG_LEVEL: "loud",
      JWT_JWKS: "/nowhere.json",
      JWT_ALGORITHMS: "HS256",
    });
    expect(status).to.equal(1);
    expect(faults).to.have.members([
      "PORT",
      "ADMIN_PORT",
      "CART_URL",
      "CATALOG_URL",
      "INTERNAL_TOKEN_SECRET",
      "SESSION_SECRET",
      "ACCESS_TOKEN_TTL_SECONDS",
      "REFRESH_TOKEN_TTL_SECONDS",
      "REFRESH_TOKEN_GRACE_SECONDS",
      "REDIS_TIMEOUT_MS",
      "TOKEN_CACHE_ENTRIES",
      "UPSTREAM_TIMEOUT_MS",
      "BODY_LIMIT_BYTES",
      "RATE_LIMIT_OWNER",
      "RATE_LIMIT_ADDRESS",
      "RATE_LIMIT_SESSION",
      "RATE_LIMIT_TIMEOUT_MS",
      "RATE_LIMIT_WITHOUT_REDIS",
      "REDIS_URL",
      "LOG_LEVEL",
      "JWT_JWKS",
      "JWT_ISSUER",
      "JWT_AUDIENCE",
      "JWT_ALGORITHMS",
    ]);
  });

  it("wants all of the JWT_ variables or none", () => {
    for (const name of Object.keys(users())) {
      const { status, faults } = read({ ...good, ...users(), [name]: undefined });
      expect([status, faults]).to.deep.equal([1, [name]]);
    }
  });

  it("takes only asymmetric algorithms", () => {
    for (const JWT_ALGORITHMS of ["HS256", "none", "ES256,HS256", "ES256,", "", "es256"]) {
      const { faults } = read({ ...good, ...users(), JWT_ALGORITHMS });
      expect(faults, JWT_ALGORITHMS).to.deep.equal(["JWT_ALGORITHMS"]);
    }
  });

  it("wants a secret for each purpose, and prints neither", () => {
    const same = "one-secret-for-everything-is-one-too-few";
    const { faults, stderr } = read({ ...good, INTERNAL_TOKEN_SECRET: same, SESSION_SECRET: same });
    expect(faults).to.deep.equal(["SESSION_SECRET"]);
    expect(stderr).not.to.include(same);
    expect(read({ ...good, SESSION_SECRET: "tiny-secret" }).stderr).not.to.include("tiny-secret");
  });

  it("wants a folder of keys for each purpose, and not beside a secret", () => {
    writeFileSync(join(dir, "current"), "k".repeat(40));
    const none = { INTERNAL_TOKEN_SECRET: undefined, SESSION_SECRET: undefined };
    const folders = { INTERNAL_TOKEN_KEYS_DIR: dir, SESSION_KEYS_DIR: dir };
    expect(read({ ...good, ...none, ...folders }).faults).to.deep.equal(["SESSION_KEYS_DIR"]);
    expect(read({ ...good, SESSION_KEYS_DIR: dir }).faults).to.deep.equal(["SESSION_SECRET"]);
    expect(read({ ...good, ...none }).faults).to.have.members(Object.keys(none));
    const one = { SESSION_SECRET: undefined, SESSION_KEYS_DIR: dir };
    expect(read({ ...good, ...one }).config.SESSION_KEYS_DIR).to.equal(dir);
  });

  it("takes a secret from a mounted file", () => {
    const file = join(dir, "secret");
    writeFileSync(file, `${"f".repeat(40)}\n`);
    const { config } = read({ ...good, SESSION_SECRET: undefined, SESSION_SECRET_FILE: file });
    expect(config.SESSION_SECRET).to.equal("f".repeat(40));
  });
});
