import { once } from "node:events";
import type { RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type GatewayUnderTest, startGateway } from "./gateway.ts";
import { sendRaw } from "./raw-client.ts";
import { type RecordingUpstream, startUpstream } from "./recording-upstream.ts";
import { request } from "./shopper.ts";
import { type TestIssuer, testIssuer, userToken } from "./test-issuer.ts";

/** A gateway before a cart that a test plays, anew for each test of the suite that calls this. */
export function playUpstream() {
  const closes: (() => void)[] = [];
  const scene = {
    cart: undefined as unknown as RecordingUpstream,
    gateway: undefined as unknown as GatewayUnderTest,
    authorization: "",
    /** What the cart answers. */
    answer: ((_req, res) => res.end("{}")) as RequestListener,
    /** Runs when the test is over. */
    onClose: (close: () => void) => void closes.push(close),
    /** Puts another gateway in place of the one at hand. */
    async gatewayBefore(cartUrl: string, more: Omit<Parameters<typeof startGateway>[0], "cartUrl"> = {}) {
      await scene.gateway?.close();
      scene.gateway = await startGateway({ cartUrl, ...more });
      scene.authorization = await scene.gateway.guest();
    },
    call: (method = "GET", raw?: string, headers: Record<string, string> = {}) =>
      request(scene.gateway.url, method, "/api/cart", {
        headers: { authorization: scene.authorization, ...headers },
        ...(raw !== undefined && { raw }),
      }),
    warnings: () => scene.gateway.lines.filter(({ level }) => level !== "debug" && level !== "trace"),
    /** Sends a head, and the beginning of a body. */
    send: (head: string, body = "") =>
      sendRaw(
        scene.gateway.port,
        `${head.trim()}\nHost: g\nAuthorization: ${scene.authorization}\n\n${body}`,
      ),
    /** A server that speaks no HTTP but what `talk` says. */
    async tcpServer(talk: (socket: Socket) => void): Promise<{ url: string; server: Server }> {
      const server = createServer((socket) => {
        socket.on("error", () => {});
        closes.push(() => socket.destroy());
        talk(socket);
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      closes.push(() => server.close());
      return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
    },
  };
  beforeEach(async () => {
    scene.answer = (_req, res) => res.end("{}");
    scene.cart = await startUpstream((req, res) => scene.answer(req, res));
    await scene.gatewayBefore(scene.cart.url);
  });
  afterEach(async () => {
    for (const close of closes.splice(0)) close();
    await scene.gateway.close();
    await scene.cart.close();
  });
  return scene;
}

/**
 * A gateway that knows an issuer of users, before a cart that
 * answers who it was asked for; one for the whole suite.
 */
export function withUsers() {
  const scene = {
    issuer: undefined as unknown as TestIssuer,
    cart: undefined as unknown as RecordingUpstream,
    gateway: undefined as unknown as GatewayUnderTest,
    /** The Authorization header of a user. */
    user: async (sub: string, expiresIn = "1m") => `Bearer ${await userToken(scene.issuer, sub, expiresIn)}`,
    ask: (headers: Record<string, string>) => request(scene.gateway.url, "GET", "/api/cart", { headers }),
  };
  before(async () => {
    scene.issuer = await testIssuer();
    scene.cart = await startUpstream();
    scene.gateway = await startGateway({ cartUrl: scene.cart.url, keys: scene.issuer.jwks });
  });
  after(async () => {
    await scene.gateway.close();
    await scene.cart.close();
  });
  return scene;
}
