import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { addAtOnce, isExact, toldOf } from "./at-once.ts";
import type { Shop } from "./shop.ts";

describe("Adds to one cart at once", function () {
  this.timeout(20_000);
  let server: Server;
  let pieces: number;
  let add: () => Promise<number>;

  // No real shop: one whose faults are known, to see that they are found.
  before(async () => {
    server = createServer(async (_req, res) => {
      res.statusCode = await add();
      res.end("{}");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => void server.close());

  const shop = (): Shop => ({
    name: "stand-in",
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    parts: {},
    openCart: async () => {
      pieces = 1;
      return {
        add: { method: "POST", path: "/add", body: {} },
        accepted: (status) => status === 200,
        held: async () => pieces,
      };
    },
    settled: async () => {},
    stop: async () => {},
  });

  it("are exact where each is counted once", async () => {
    add = async () => {
      pieces++;
      return 200;
    };
    const round = await addAtOnce(shop(), 20);
    expect(round).to.deep.equal({ sent: 20, accepted: 20, added: 20 });
    expect(isExact(round)).to.equal(true);
    expect(toldOf([round, round])).to.equal("2 of 2 rounds exact");
  });

  it("are not where accepted ones are lost", async () => {
    let under = 0;
    const all = Promise.withResolvers<void>();
    add = async () => {
      const seen = pieces;
      if (++under === 20) all.resolve();
      await all.promise;
      pieces = seen + 1;
      return 200;
    };
    const round = await addAtOnce(shop(), 20);
    expect(round).to.deep.equal({ sent: 20, accepted: 20, added: 1 });
    expect(isExact(round)).to.equal(false);
  });

  it("are not where one is refused, and the sentence says how many were", async () => {
    let left = 15;
    add = async () => {
      if (left-- <= 0) return 409;
      pieces++;
      return 200;
    };
    const round = await addAtOnce(shop(), 20);
    expect(isExact(round)).to.equal(false);
    expect(toldOf([round, { sent: 20, accepted: 20, added: 20 }])).to.equal(
      "1 of 2 rounds exact; of 20 adds 15 to 20 were accepted, each of them counted, the others refused",
    );
    expect(toldOf([round, { sent: 20, accepted: 18, added: 7 }])).to.equal(
      "0 of 2 rounds exact; of 20 adds 15 to 18 were accepted, and 7 to 15 are in the cart",
    );
  });
});
