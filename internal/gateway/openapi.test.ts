import { expect } from "chai";
import { cartSchema } from "../cart/cart-schema.ts";
import { CART_API } from "../cart/openapi.ts";
import { CATALOG_API } from "../catalog/calls.ts";
import { ordersApi } from "../orders/calls.ts";
import type { Call } from "../platform/http/calls.ts";
import { eventually } from "../testkit/eventually.ts";
import { type GatewayUnderTest, startGateway } from "../testkit/gateway.ts";
import { describedCalls, expectDescribedAnswer, expectWellFormed } from "../testkit/openapi.ts";
import { sendRaw } from "../testkit/raw-client.ts";
import { freePort } from "../testkit/servers/free-port.ts";
import { request } from "../testkit/shopper.ts";
import { publicDocument } from "./openapi.ts";
import { covers, ROUTES } from "./table.ts";

const ONE = { points: 1, seconds: 60 };

describe("The gateway's description of the whole API", () => {
  const document = publicDocument({ cart: [CART_API, ordersApi(cartSchema)], catalog: [CATALOG_API] });

  it("is well-formed, and served to everybody", async () => {
    expectWellFormed(document);
    const gateway = await startGateway({ cartUrl: "http://127.0.0.1:9" });
    const { status, headers, body } = await request(gateway.url, "GET", "/api/openapi.json");
    await gateway.close();
    expect([status, headers.get("content-type")]).to.deep.equal([200, "application/json; charset=utf-8"]);
    expect(body).to.deep.equal(document);
  });

  it("has a call below every route of the table", () => {
    const paths = describedCalls(document).map((call) => call.split(" ")[1]!);
    for (const route of ROUTES)
      expect(
        paths.some((path) => covers(route, path)),
        route.path,
      ).to.equal(true);
  });

  it("is not written when a service describes what no route leads to", () => {
    const calls = (call: Partial<Call>) => ({
      ...CATALOG_API,
      calls: { stray: { ...CATALOG_API.calls.productList!, ...call } },
    });
    for (const stray of [{ path: "/admin" }, { path: "/productsx" }, { method: "post" as const }])
      expect(() => publicDocument({ cart: [CART_API], catalog: [calls(stray)] }), stray.path).to.throw(
        "has no route at the gateway",
      );
  });

  describe("says what the gateway refuses", () => {
    let gateway: GatewayUnderTest;
    afterEach(() => gateway.close());

    /** Expects that every call is answered with `status`, where `applies`, and that this is described. */
    async function everyCall(status: number, applies: (path: string) => boolean, authorization?: string) {
      for (const call of describedCalls(document)) {
        const [method = "", path = ""] = call.split(" ");
        if (!applies(path)) continue;
        const answer = await request(gateway.url, method, path.replace(/\{\w+\}/, "x"), {
          headers: authorization === undefined ? {} : { authorization },
        });
        expect(answer.status, call).to.equal(status);
        expectDescribedAnswer(document, path, method, answer);
      }
    }
    const isProxied = (path: string) => !/^\/api\/(session|openapi\.json)/.test(path);

    it("with 502 while the services are down", async () => {
      gateway = await startGateway({ cartUrl: `http://127.0.0.1:${await freePort()}` });
      await everyCall(502, isProxied, await gateway.guest());
    });

    it("with 413 for a body that is too large, also of a call that has none", async () => {
      gateway = await startGateway({ cartUrl: "http://127.0.0.1:9" });
      const head = `Host: g\nAuthorization: ${await gateway.guest()}\nContent-Length: 300000\n\n`;
      for (const call of describedCalls(document)) {
        const [method = "", path = ""] = call.split(" ");
        if (!isProxied(path)) continue;
        const client = sendRaw(gateway.port, `${method} ${path.replace(/\{\w+\}/, "x")} HTTP/1.1\n${head}`);
        const [status, body] = await eventually("an answer", () =>
          /^HTTP\/1.1 (\d+)[\s\S]*?\r\n\r\n(.+)$/s.exec(client.text())?.slice(1),
        );
        client.socket.destroy();
        expect(Number(status), call).to.equal(413);
        const answer = { status: 413, headers: new Headers(), body: JSON.parse(body!) };
        expectDescribedAnswer(document, path, method, answer);
      }
    });

    it("with 401 without a token", async () => {
      const quotas = { address: { points: 1_000, seconds: 60 } };
      gateway = await startGateway({ cartUrl: "http://127.0.0.1:9", quotas });
      await everyCall(401, (path) => /^\/api\/(cart|orders)/.test(path));
    });

    it("with 429 above the quota", async () => {
      gateway = await startGateway({
        cartUrl: "http://127.0.0.1:9",
        quotas: { owner: ONE, address: ONE, session: ONE },
      });
      const authorization = await gateway.guest();
      await request(gateway.url, "GET", "/api/openapi.json");
      await request(gateway.url, "POST", "/api/session");
      await request(gateway.url, "GET", "/api/cart", { headers: { authorization } });
      await everyCall(429, () => true, authorization);
    });
  });
});
