import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { signingKey } from "../../platform/identity/key-ring.ts";
import { createLogger } from "../../platform/logger/logger.ts";
import { awaitRedis, closeRedis, connectRedis, type RedisConnection } from "../../platform/redis/redis.ts";
import { parseRedisUrl } from "../../platform/redis/redis-url.ts";
import { eventually } from "../../testkit/eventually.ts";
import { ownRedis, testRedis, testRedisCluster } from "../../testkit/servers/test-servers.ts";
import { mintRefreshToken, type RefreshToken, successorOf } from "./refresh-token.ts";
import { createRedisSessions } from "./session-store.redis.ts";
import type { SessionStore } from "./session-store.ts";

const [KEY, OLD_KEY] = [signingKey("n".repeat(32)), signingKey("o".repeat(32))];
const HOUR_MS = 3_600_000;
const log = createLogger("test", "silent");

/** As a gateway with these keys would: the first is the current one. */
const candidates = (token: RefreshToken, keys = [KEY, OLD_KEY]) =>
  keys.map((key) => successorOf(token, key)) as [RefreshToken, ...RefreshToken[]];

for (const [where, urlOf] of [
  ["one Redis", async () => (await testRedis()).url],
  ["a Redis Cluster", async () => (await testRedisCluster()).servers[0]!.url],
] as const)
  describe(`Sessions in ${where}`, function () {
    this.timeout(180_000);
    let redis: RedisConnection;
    let store: SessionStore;
    before(async () => {
      redis = connectRedis(parseRedisUrl(await urlOf())!, { log, commandTimeoutMs: 30_000 });
      await awaitRedis(redis, 20_000);
      store = createRedisSessions(redis);
    });
    after(() => closeRedis(redis));

    async function open(lifetimeMs = HOUR_MS): Promise<RefreshToken> {
      const token = mintRefreshToken(randomUUID());
      await store.open(token, lifetimeMs);
      return token;
    }
    async function rotate(token: RefreshToken, graceMs = HOUR_MS, keys = [KEY, OLD_KEY]) {
      const { outcome, ...more } = await store.rotate(token, candidates(token, keys), graceMs);
      return { outcome, next: "successor" in more ? more.successor : token };
    }
    const keyOf = ({ guestId }: RefreshToken) => `session:{${guestId}}`;

    it("put the successor in the token's place, time after time", async () => {
      let token = await open();
      for (let i = 0; i < 5; i++) {
        const { outcome, next } = await rotate(token, 0);
        expect(outcome).to.equal("rotated");
        expect(next).to.deep.equal(successorOf(token, KEY));
        token = next;
      }
      expect((await store.check(token)).outcome).to.equal("held");
    });

    it("give a repeat within the grace the identical successor, also once that was replaced itself", async () => {
      const first = await open();
      const { next: second } = await rotate(first);
      expect(await rotate(first)).to.deep.equal({ outcome: "repeated", next: second });
      const { next: third } = await rotate(second);
      expect(await rotate(first)).to.deep.equal({ outcome: "repeated", next: second });
      expect(await rotate(second)).to.deep.equal({ outcome: "repeated", next: third });
      expect((await store.check(first)).outcome).to.equal("held");
    });

    it("know so many predecessors, and take one from before those for reused though it is in its grace", async () => {
      const few = createRedisSessions(redis, 2);
      const turn = async (token: RefreshToken) =>
        (await few.rotate(token, candidates(token), HOUR_MS)).outcome;
      const first = await open();
      const [second, third, fourth] = [1, 2, 3].reduce<RefreshToken[]>(
        (tokens) => [...tokens, successorOf(tokens.at(-1) ?? first, KEY)],
        [],
      ) as [RefreshToken, RefreshToken, RefreshToken];
      for (const token of [first, second]) expect(await turn(token)).to.equal("rotated");
      expect(await turn(first), "the second of two").to.equal("repeated");
      expect(await turn(third)).to.equal("rotated");
      expect(await turn(second), "the second of two").to.equal("repeated");
      expect(await turn(first), "the third of two").to.equal("reused");
      expect(await turn(fourth), "the session").to.equal("ended");
    });

    it("give it though the key has changed meanwhile, and cannot once both keys have", async () => {
      const first = await open();
      const { next } = await rotate(first, HOUR_MS, [OLD_KEY]);
      expect(await rotate(first, HOUR_MS, [KEY, OLD_KEY])).to.deep.equal({ outcome: "repeated", next });
      expect((await rotate(first, HOUR_MS, [KEY])).outcome).to.equal("underivable");
      expect((await rotate(next, HOUR_MS, [KEY])).outcome, "the session goes on").to.equal("rotated");
    });

    it("end when a token is used that was replaced, without a grace at once", async () => {
      const first = await open();
      const { next } = await rotate(first, 0);
      expect((await rotate(first, 0)).outcome).to.equal("reused");
      for (const token of [first, next]) expect((await rotate(token)).outcome).to.equal("ended");
    });

    it("end when a token is used after its grace, which counts from its own replacement", async () => {
      const first = await open();
      const { next } = await rotate(first, 1);
      await eventually("reuse", async () => (await rotate(first, HOUR_MS)).outcome === "reused");
      expect((await rotate(next)).outcome).to.equal("ended");
    });

    it("end for a token of old that is only judged, too", async () => {
      const first = await open();
      const { next } = await rotate(first, 0);
      expect((await store.check(first)).outcome).to.equal("reused");
      expect((await store.check(next)).outcome).to.equal("ended");
    });

    it("are not ended by a stranger who knows the guest's id", async () => {
      const token = await open();
      const forged = mintRefreshToken(token.guestId);
      expect((await rotate(forged)).outcome).to.equal("forged");
      expect((await store.check(forged)).outcome).to.equal("forged");
      expect(await store.revoke(forged)).to.equal(false);
      expect((await rotate(token)).outcome).to.equal("rotated");
    });

    it("end when their time is over, however often they are refreshed", async () => {
      let token = await open(500);
      await eventually("the end", async () => {
        const { outcome, next } = await rotate(token);
        expect(outcome).to.be.oneOf(["rotated", "ended"]);
        token = next;
        return outcome === "ended";
      });
      expect(await redis.exists(keyOf(token))).to.equal(0);
    });

    it("tell how long they last", async () => {
      const token = await open();
      const rotation = await store.rotate(token, candidates(token), 0);
      expect("leftMs" in rotation && rotation.leftMs).to.be.within(HOUR_MS - 60_000, HOUR_MS);
    });

    it("are revoked by any of their tokens, once", async () => {
      const first = await open();
      const { next } = await rotate(first, 0);
      expect(await store.revoke(first)).to.equal(true);
      expect(await store.revoke(first)).to.equal(false);
      expect((await rotate(next)).outcome).to.equal("ended");
    });

    it("take little memory, and no more the more they are refreshed", async () => {
      let token = await open();
      expect(await redis.memory("USAGE", keyOf(token))).to.be.at.most(256);
      for (let i = 0; i < 12; i++) token = (await rotate(token)).next;
      expect(await redis.memory("USAGE", keyOf(token))).to.be.at.most(768);
    });

    it("hold nothing by which someone who reads them could refresh", async () => {
      const token = await open();
      const { next } = await rotate(token);
      const stored = (await redis.getBuffer(keyOf(token)))!.toString("latin1");
      for (const { text } of [token, next])
        for (let at = "cwr_".length; at + 16 <= text.length; at += 16)
          expect(stored).not.to.include(text.slice(at, at + 16));
    });
  });

describe("Sessions in a Redis that is full", function () {
  this.timeout(180_000);

  it("can be refreshed and revoked, and no new one begins", async () => {
    const { url } = await ownRedis({ "maxmemory-policy": "noeviction" });
    const redis = connectRedis(parseRedisUrl(url)!, { log, commandTimeoutMs: 30_000 });
    await awaitRedis(redis, 20_000);
    const store = createRedisSessions(redis);
    const token = mintRefreshToken(randomUUID());
    await store.open(token, HOUR_MS);
    await redis.config("SET", "maxmemory", "1");
    const refused = await store.open(mintRefreshToken(randomUUID()), HOUR_MS).catch((error) => error);
    expect(String(refused)).to.include("OOM");
    const { outcome } = await store.rotate(token, candidates(token), 0);
    expect(outcome).to.equal("rotated");
    expect(await store.revoke(token)).to.equal(true);
    await closeRedis(redis);
  });
});
