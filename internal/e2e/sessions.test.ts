import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { eventually } from "../testkit/eventually.ts";
import { type Platform, type Running, startPlatform } from "../testkit/processes/platform.ts";
import { testDatabase, testRabbit, testRedis } from "../testkit/servers/test-servers.ts";
import { request, type Shopper, shopperAt } from "../testkit/shopper.ts";
import { expectProblem } from "./expect-problem.ts";

/** Long enough for a repeat, short enough to wait for its end. */
const GRACE_SECONDS = "2";

describe("A guest's session at two gateways, from outside", function () {
  this.timeout(180_000);
  let platform: Platform;
  let first: Running;
  let second: Running;
  before(async () => {
    const [redis, database, rabbit] = await Promise.all([testRedis(), testDatabase(), testRabbit()]);
    const settings = { REFRESH_TOKEN_GRACE_SECONDS: GRACE_SECONDS };
    platform = await startPlatform({ redisUrl: redis.url, database, rabbit, settings });
    [first, second] = platform.gateways as [Running, Running];
  });
  after(() => platform?.stop());

  const open = async () => (await request(first.url, "POST", "/api/session")).body;
  const refresh = (refreshToken: string, gateway = second.url) =>
    request(gateway, "POST", "/api/session/refresh", { body: { refreshToken } });
  const revoke = (refreshToken: string) =>
    request(second.url, "DELETE", "/api/session", { body: { refreshToken } });
  const itemsOf = async (shopper: Shopper) => (await shopper.cart()).body.items;

  it("shops on with its cart when it is refreshed at the other gateway", async () => {
    const { accessToken, refreshToken, guestId } = await open();
    await (await shopperAt(first.url, accessToken)).add("mug-steel", 2);
    const refreshed = await refresh(refreshToken);
    expect([refreshed.status, refreshed.body.guestId]).to.deep.equal([200, guestId]);
    const repeated = await refresh(refreshToken, first.url);
    expect(repeated.body.refreshToken).to.equal(refreshed.body.refreshToken);
    expect(await itemsOf(await shopperAt(second.url, refreshed.body.accessToken))).to.have.length(1);
  });

  it("outlives a gateway that is killed", async () => {
    const { refreshToken } = await open();
    await second.kill("SIGKILL");
    await second.start();
    expect((await refresh(refreshToken)).status).to.equal(200);
  });

  it("ends for everyone who holds a token of it when one is used after its grace", async () => {
    const { refreshToken } = await open();
    const { body } = await refresh(refreshToken);
    await eventually("the grace is over", async () => {
      const { status, body: again } = await refresh(refreshToken);
      if (status === 200) expect(again.refreshToken).to.equal(body.refreshToken);
      return status === 401;
    });
    expectProblem(await refresh(body.refreshToken), 401, "UNAUTHENTICATED", "refreshToken");
  });

  it("ends when it is revoked, once and for all", async () => {
    const { refreshToken } = await open();
    const { body } = await refresh(refreshToken);
    for (let i = 0; i < 2; i++) expect((await revoke(body.refreshToken)).status).to.equal(204);
    for (const token of [refreshToken, body.refreshToken])
      expectProblem(await refresh(token, first.url), 401, "UNAUTHENTICATED", "refreshToken");
  });

  it("gives its cart to the user who presents its refresh token, and not after it is revoked", async () => {
    const { accessToken, refreshToken } = await open();
    await (await shopperAt(first.url, accessToken)).add("mug-steel", 2);
    const user = await shopperAt(second.url, await platform.token(`refreshing-${randomUUID()}`));
    const merge = () => user.call("POST", "/api/cart/merge", { body: { guestToken: refreshToken } });
    const merged = await merge();
    expect(merged.status, JSON.stringify(merged.body)).to.equal(200);
    expect(await itemsOf(user)).to.have.length(1);
    await revoke(refreshToken);
    expectProblem(await merge(), 400, "GUEST_TOKEN_INVALID", "guestToken");
  });

  it("leaves no refresh token in a log", async () => {
    const { refreshToken } = await open();
    const { body } = await refresh(refreshToken);
    await refresh(`${refreshToken}A`);
    await revoke(body.refreshToken);
    const logs = [first, second].map(({ logFile }) => readFileSync(logFile, "utf8")).join("");
    for (const token of [refreshToken, body.refreshToken]) expect(logs).not.to.include(token.slice(4, 40));
  });

  it("is not needed by a user, whose sub may be as long as OIDC lets it be, from cart to order", async () => {
    const sub = `auth0|a b ${randomUUID()}`.padEnd(255, "~");
    const user = await shopperAt(second.url, await platform.token(sub));
    const neighbour = await shopperAt(second.url, await platform.token(sub.slice(0, -1)));
    await user.add("mug-steel", 1);
    const body = { items: await itemsOf(user) };
    const headers = { "idempotency-key": randomUUID() };
    const placed = await user.call("POST", "/api/cart/checkout", { body, headers });
    expect(placed.status, JSON.stringify(placed.body)).to.equal(201);
    const { id } = placed.body.order;
    expect(
      (await user.call("GET", "/api/orders")).body.items.map(({ id }: { id: string }) => id),
    ).to.deep.equal([id]);
    expect((await user.call("POST", `/api/orders/${id}/cancel`)).body.status).to.equal("cancelled");
    expect(await itemsOf(neighbour)).to.deep.equal([]);
    expectProblem(await neighbour.call("GET", `/api/orders/${id}`), 404, "ORDER_NOT_FOUND");
    const tooLong = await shopperAt(second.url, await platform.token(`${sub}~`));
    const refused = await tooLong.cart();
    expectProblem(refused, 401, "UNAUTHENTICATED", "Authorization");
    expect(refused.body.detail).to.include("255");
  });
});
