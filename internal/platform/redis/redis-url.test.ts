import { expect } from "chai";
import { parseRedisUrl, redisUrl } from "./redis-url.ts";

describe("A REDIS_URL", () => {
  it("names one Redis, with or without a login, or a cluster", () => {
    expect(parseRedisUrl("redis://127.0.0.1:7000")).to.deep.equal({
      nodes: [{ host: "127.0.0.1", port: 7000 }],
      username: undefined,
      password: undefined,
      tls: false,
    });
    expect(parseRedisUrl("rediss://app:p%40ss@redis")).to.deep.include({
      username: "app",
      password: "p@ss",
      tls: true,
    });
    expect(parseRedisUrl("redis://a:1,b:2,c:3")?.nodes.map((node) => node.host)).to.deep.equal([
      "a",
      "b",
      "c",
    ]);
  });

  for (const value of [
    "",
    "redis",
    "http://x",
    "redis://",
    "redis://a:1/3",
    "redis://a:1,b",
    "redis://a:1,,b:2",
    "redis://u:%zz@h:1",
  ]) {
    it(`is not ${JSON.stringify(value)}`, () => {
      expect(redisUrl().safeParse(value).success).to.equal(false);
    });
  }

  it("that is refused is not repeated in the fault: it may hold a password", () => {
    const told = redisUrl().safeParse("redis://user:%zz@host:1").error?.issues[0]?.message;
    expect(told).to.be.a("string").that.does.not.contain("%zz");
  });
});
