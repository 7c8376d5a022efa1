import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { keysAfter } from "../operator/rotation.ts";
import { eventually } from "../testkit/eventually.ts";
import { type Platform, startPlatform } from "../testkit/processes/platform.ts";
import { ownRedis, testDatabase, testRabbit } from "../testkit/servers/test-servers.ts";
import { request, shopperAt } from "../testkit/shopper.ts";
import { startLoad } from "./load.ts";

const PURPOSES = ["INTERNAL_TOKEN", "SESSION"];
const secret = (word: string) => `${word}-${"s".repeat(40)}`;

describe("Keys that are rotated under a running platform", function () {
  this.timeout(180_000);
  const keysDir = mkdtempSync(join(tmpdir(), "cartwright-rotation-"));
  let platform: Platform;
  before(async () => {
    write({ current: secret("first"), previous: secret("zeroth") });
    const [redis, database, rabbit] = await Promise.all([ownRedis(), testDatabase(), testRabbit()]);
    platform = await startPlatform({ redisUrl: redis.url, database, rabbit, keysDir });
  });
  after(async () => {
    await platform?.stop();
    rmSync(keysDir, { recursive: true });
  });

  const open = async () => (await request(platform.gatewayUrl, "POST", "/api/session")).body;
  const refresh = (refreshToken: string) =>
    request(platform.gatewayUrl, "POST", "/api/session/refresh", { body: { refreshToken } });

  /** Each purpose has keys of its own; a file is replaced whole. */
  function write(keys: { current: string; previous: string }): void {
    for (const purpose of PURPOSES) {
      mkdirSync(join(keysDir, purpose), { recursive: true });
      for (const [name, value] of Object.entries(keys)) {
        writeFileSync(join(keysDir, purpose, `.${name}`), `${purpose}-${value}`);
        renameSync(join(keysDir, purpose, `.${name}`), join(keysDir, purpose, name));
      }
    }
  }

  /** How often a process has taken up changed keys. */
  const changesSeen = (logFile: string) =>
    readFileSync(logFile, "utf8").split("the keys have changed").length - 1;

  it("log nobody out and fail no request, in two steps as the operator makes them", async () => {
    const session = await open();
    const guest = await shopperAt(platform.gatewayUrl, session.accessToken);
    expect((await guest.add("mug-steel", 2)).status).to.equal(200);
    const load = await startLoad(platform, 4);
    let keys = { current: secret("first"), previous: secret("zeroth") };
    for (const step of ["publish", "promote"] as const) {
      keys = keysAfter(keys, step, secret("second"));
      const before = load.count();
      const seen = [...platform.gateways, ...platform.carts].map(({ logFile }) => changesSeen(logFile));
      write(keys);
      await eventually(
        `gateway and cart have the keys of ${step}`,
        () =>
          [...platform.gateways, ...platform.carts].every(
            ({ name, logFile }, index) => changesSeen(logFile) >= seen[index]! + (name === "gateway" ? 2 : 1),
          ),
        { timeoutMs: 30_000 },
      );
      await eventually("requests go on", () => load.count() > before + 20);
    }
    const { refused } = await load.stop();
    expect([...refused]).to.deep.equal([]);
    expect((await guest.cart()).body.items, "a session from before").to.have.length(1);
    const refreshed = await refresh(session.refreshToken);
    expect(refreshed.status, "its refresh token too").to.equal(200);
    const again = await shopperAt(platform.gatewayUrl, refreshed.body.accessToken);
    expect((await again.cart()).body.items).to.have.length(1);
    const newcomer = await shopperAt(platform.gatewayUrl);
    expect((await newcomer.add("mug-steel", 1)).status).to.equal(200);
  });

  it("end access tokens only when their key is gone from both places, and refresh tokens never", async () => {
    const session = await open();
    const guest = await shopperAt(platform.gatewayUrl, session.accessToken);
    await guest.add("mug-steel", 2);
    write({ current: secret("third"), previous: secret("fourth") });
    await eventually("the token is over", async () => (await guest.cart()).status === 401, {
      timeoutMs: 30_000,
    });
    // The gateway may take up the two purposes' keys one after the other: a token of between is over again.
    let { refreshToken } = session;
    const again = await eventually(
      "a token by the new keys",
      async () => {
        const { status, body } = await refresh(refreshToken);
        expect([status, body.guestId]).to.deep.equal([200, session.guestId]);
        refreshToken = body.refreshToken;
        const shopper = await shopperAt(platform.gatewayUrl, body.accessToken);
        return (await shopper.cart()).status === 200 ? shopper : null;
      },
      { timeoutMs: 30_000, intervalMs: 500 },
    );
    expect((await again.cart()).body.items).to.have.length(1);
  });
});
