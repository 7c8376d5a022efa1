import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { playUpstream } from "../../testkit/gateway-scene.ts";

describe("The headers of an upstream's answer", () => {
  const scene = playUpstream();

  /** The head of what the gateway answers, lines in lower case. */
  async function headOf(path: string): Promise<string[]> {
    const client = scene.send(`GET ${path} HTTP/1.1`);
    const head = await eventually("an answer", () => /^[\s\S]*?(?=\r\n\r\n)/.exec(client.text())?.[0]);
    client.socket.destroy();
    return head.toLowerCase().split("\r\n");
  }

  for (const path of ["/api/cart", "/api/catalog/products"])
    describe(`at ${path}`, () => {
      it("are the client's to see, but for those of the connection and those that it names", async () => {
        scene.answer = (_req, res) => {
          res.setHeader("Connection", ["X-Hop, x-other-hop", "keep-alive"]);
          const ofTheHop = ["X-Hop", "X-Other-Hop", "Keep-Alive", "TE", "Trailer", "Upgrade"];
          const ofProxies = ["Proxy-Connection", "Proxy-Authenticate", "Proxy-Authentication-Info"];
          for (const name of [...ofTheHop, ...ofProxies, "X-End", "Server", "X-Powered-By"])
            res.setHeader(name, "of-the-upstream");
          res.end("{}");
        };
        const head = await headOf(path);
        expect(head[0]).to.equal("http/1.1 200 ok");
        expect(head.filter((line) => line.endsWith(": of-the-upstream"))).to.deep.equal([
          "x-end: of-the-upstream",
        ]);
      });

      it("may be named in any case, and beside nothing", async () => {
        scene.answer = (_req, res) =>
          res.writeHead(200, { connection: "KEEP-ALIVE , ,X-A", "x-a": "1" }).end("{}");
        expect((await headOf(path)).filter((line) => line.startsWith("x-a"))).to.deep.equal([]);
      });

      it("say by what else it varies than by who may read it", async () => {
        await scene.gatewayBefore(scene.cart.url, { corsOrigins: ["https://shop.test"] });
        scene.answer = (_req, res) => res.writeHead(200, { vary: "Accept-Language" }).end("{}");
        const vary = (await headOf(path)).filter((line) => line.startsWith("vary: "));
        expect(vary).to.deep.equal(["vary: origin, accept-language"]);
      });
    });
});
