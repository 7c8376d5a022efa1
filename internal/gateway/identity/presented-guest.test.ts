import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { signToken } from "../../platform/identity/signed-token.ts";
import { SESSION_KEYS } from "../../testkit/gateway-keys.ts";
import { withUsers } from "../../testkit/gateway-scene.ts";
import { request } from "../../testkit/shopper.ts";
import { UNREADABLE_HEADERS } from "../../testkit/unreadable-headers.ts";
import { issueGuestToken } from "./tokens.ts";

describe("A guest's token that a user presents", () => {
  const scene = withUsers();
  const { user } = scene;
  const bearerOf = (authorization: string) => authorization.replace("Bearer ", "");

  async function merge(options: { body?: unknown; raw?: string; authorization?: string }) {
    const { authorization = await user("alice"), ...rest } = options;
    return request(scene.gateway.url, "POST", "/api/cart/merge", { ...rest, headers: { authorization } });
  }
  const session = async () => {
    const guestId = randomUUID();
    return { guestId, accessToken: await issueGuestToken(SESSION_KEYS, guestId, 3_600) };
  };

  it("reaches the cart as the guest that it is of, in the gateway's own token", async () => {
    const { accessToken, guestId } = await session();
    expect((await merge({ body: { guestToken: accessToken } })).status).to.equal(200);
    expect(scene.cart.last()).to.include({ owner: "user:alice", guest: `guest:${guestId}` });
  });

  it("is refused when it is a user's, be it the caller's own", async () => {
    const before = scene.cart.asked.length;
    for (const name of ["alice", "bob"]) {
      const { status, body } = await merge({ body: { guestToken: bearerOf(await user(name)) } });
      expect([status, body.code, body.field], name).to.deep.equal([403, "NOT_A_GUEST_TOKEN", "guestToken"]);
    }
    expect(scene.cart.asked.length).to.equal(before);
  });

  it("is refused when it is not valid or has expired", async () => {
    const before = scene.cart.asked.length;
    const claims = { iss: "cartwright-gateway-session", aud: "cartwright-guest", sub: "g1" };
    const { accessToken } = await session();
    const expired = await signToken(SESSION_KEYS, claims, -60);
    for (const [guestToken, says] of [
      ["x", /valid access token or refresh token of a guest/],
      ["", /valid access token or refresh token of a guest/],
      [`${accessToken}x`, /valid access token or refresh token of a guest/],
      [expired, /has expired/],
      ...UNREADABLE_HEADERS.map(
        (header) =>
          [accessToken.replace(/^[^.]*/, header), /valid access token or refresh token of a guest/] as const,
      ),
    ] as const) {
      const { status, body } = await merge({ body: { guestToken } });
      expect([status, body.code, body.field]).to.deep.equal([400, "GUEST_TOKEN_INVALID", "guestToken"]);
      expect(body.detail).to.match(says);
    }
    expect(scene.cart.asked.length).to.equal(before);
  });

  it("that the gateway cannot read is left to the cart to refuse, without a guest", async () => {
    for (const raw of [
      "",
      "{",
      "null",
      "[]",
      "7",
      '{"guestToken":7}',
      `{"guestToken":"${"x".repeat(9_000)}"}`,
    ]) {
      expect((await merge({ raw })).status, raw.slice(0, 20)).to.equal(200);
      expect(scene.cart.last().guest, raw.slice(0, 20)).to.equal(null);
    }
  });

  it("counts only for a user and only where carts are merged", async () => {
    const { accessToken } = await session();
    const body = { guestToken: accessToken };
    await merge({ body, authorization: await scene.gateway.guest() });
    expect(scene.cart.last().guest).to.equal(null);
    const headers = { authorization: await user("alice") };
    await request(scene.gateway.url, "POST", "/api/cart/items", { body, headers });
    expect(scene.cart.last().guest).to.equal(null);
  });
});
