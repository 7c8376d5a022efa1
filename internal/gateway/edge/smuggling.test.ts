import { expect } from "chai";
import { createInternalTokenSigner } from "../../platform/identity/internal-token.ts";
import { fixedKeyRing } from "../../platform/identity/key-ring.ts";
import { eventually } from "../../testkit/eventually.ts";
import { CART_AUDIENCE } from "../../testkit/gateway-keys.ts";
import { withUsers } from "../../testkit/gateway-scene.ts";
import { sendRaw } from "../../testkit/raw-client.ts";

describe("Headers smuggled past the gateway", () => {
  const scene = withUsers();
  const { user, ask } = scene;
  const forgedIdentity = () =>
    createInternalTokenSigner({
      keys: fixedKeyRing("not-the-secret-of-the-gateway-and-cart"),
      audience: CART_AUDIENCE,
    }).sign({ owner: "user:victim", kind: "user" });

  const smuggled = [
    "X-Cartwright-Identity",
    "x-cartwright-identity",
    "X-CARTWRIGHT-IDENTITY",
    "X-Cartwright-Owner",
    "X-User",
    "X-User-Id",
    "X-Owner",
    "X-Owner-Id",
    "X-Forwarded-User",
    "X-Internal-Token",
    "X-Authenticated-User",
    "Remote-User",
    "Cookie",
  ];
  for (const name of smuggled) {
    it(`${name} from a client does not reach the cart`, async () => {
      const forged = await forgedIdentity();
      const { body } = await ask({ authorization: await user("alice"), [name]: forged });
      expect(body.owner).to.equal("user:alice");
      expect(JSON.stringify(scene.cart.last().rawHeaders)).not.to.include(forged);
    });
  }

  const rawCart = async (headers: string) => {
    const before = scene.cart.asked.length;
    const client = sendRaw(
      scene.gateway.port,
      `GET /api/cart HTTP/1.1\nHost: gateway\nAuthorization: ${await user("alice")}\n${headers}\n`,
    );
    await eventually("an answer", () => /\r\n\r\n/.test(client.text()));
    client.socket.destroy();
    return { text: client.text(), reached: scene.cart.asked.length - before };
  };

  it("the identity header sent twice, in two cases, and on folded lines does not reach the cart", async () => {
    const forged = await forgedIdentity();
    const { reached } = await rawCart(
      `X-Cartwright-Identity: ${forged}\nx-cartwright-identity: ${forged}\nX-CARTWRIGHT-identity:\t${forged}\n`,
    );
    expect(reached).to.equal(1);
    expect(scene.cart.last().owner).to.equal("user:alice");
    const names = scene.cart.last().rawHeaders.filter((name) => /identity/i.test(name));
    expect(names).to.deep.equal(["x-cartwright-identity"]);
  });

  it("a Connection header that names the identity header takes nothing away", async () => {
    for (const connection of ["x-cartwright-identity", "close, X-Cartwright-Identity", "keep-alive, host"]) {
      expect((await rawCart(`Connection: ${connection}\n`)).reached).to.equal(1);
      expect(scene.cart.last().owner, connection).to.equal("user:alice");
      expect(scene.cart.last().headers.connection).to.equal("keep-alive");
    }
  });

  it("hop-by-hop headers and upgrades stop at the gateway", async () => {
    await rawCart(
      "Connection: upgrade\nUpgrade: websocket\nTE: trailers\nProxy-Authorization: x\nProxy-Connection: x\nKeep-Alive: timeout=9\n",
    );
    expect(scene.cart.last().headers).not.to.include.any.keys(
      "upgrade",
      "te",
      "proxy-authorization",
      "proxy-connection",
      "keep-alive",
    );
  });

  it("two Authorization headers act for the first at most, never for both", async () => {
    await rawCart(`Authorization: ${await user("victim")}\n`);
    expect(scene.cart.last().owner).to.equal("user:alice");
  });

  it("more headers than the gateway reads are refused, not cut off: a body must not lose its length", async () => {
    const body = "GET /smuggled HTTP/1.1\nHost: cart\n\n".replaceAll("\n", "\r\n");
    const many = Array.from({ length: 110 }, (_, i) => `a${i}: 1\n`).join("");
    const { text, reached } = await rawCart(`${many}Content-Length: ${body.length}\n\n${body}`);
    expect(text).to.match(/^HTTP\/1.1 431 /);
    expect(reached).to.equal(0);
  });

  it("two lengths, or a length and chunks, are refused: the cart might read another end than the gateway", async () => {
    for (const headers of [
      "Content-Length: 3\nContent-Length: 5\n",
      "Content-Length: 3\nTransfer-Encoding: chunked\n",
      "Transfer-Encoding: chunked, identity\n",
      "Transfer-Encoding: xchunked\n",
    ]) {
      const { text, reached } = await rawCart(`${headers}\n0\n\n`);
      expect(text, headers).to.match(/^HTTP\/1.1 400 /);
      expect(reached).to.equal(0);
    }
  });
});
