import { expect } from "chai";
import { attemptRead, CONNECT_ATTEMPTS } from "./catalog-attempts.ts";

describe("An attempt to read from the catalog", () => {
  /** Fails with these codes in turn, then answers. */
  async function read(...codes: string[]): Promise<{ asked: number; ended: unknown }> {
    let asked = 0;
    const ask = async () => {
      const code = codes[asked++];
      if (code !== undefined) throw Object.assign(new Error(code), { code });
      return "an answer";
    };
    const ended = await attemptRead(ask).catch((error: { code: string }) => error.code);
    return { asked, ended };
  }

  it("is repeated while no connection comes about, for another server may answer", async () => {
    expect(await read("UND_ERR_CONNECT_TIMEOUT")).to.deep.equal({ asked: 2, ended: "an answer" });
    expect(await read("ECONNREFUSED", "EHOSTUNREACH", "EAI_AGAIN")).to.deep.equal({
      asked: 4,
      ended: "an answer",
    });
  });

  it("is given up when no connection comes about at all", async () => {
    const refused = Array.from({ length: 9 }, () => "ECONNREFUSED");
    expect(await read(...refused)).to.deep.equal({ asked: CONNECT_ATTEMPTS, ended: "ECONNREFUSED" });
  });

  it("is repeated once when its connection went without an answer", async () => {
    expect(await read("UND_ERR_SOCKET")).to.deep.equal({ asked: 2, ended: "an answer" });
    expect(await read("ECONNRESET", "EPIPE")).to.deep.equal({ asked: 2, ended: "EPIPE" });
  });

  it("is not repeated when its time is up, or for any other reason", async () => {
    expect(await read("UND_ERR_HEADERS_TIMEOUT")).to.deep.equal({
      asked: 1,
      ended: "UND_ERR_HEADERS_TIMEOUT",
    });
    expect(await read("23")).to.deep.equal({ asked: 1, ended: "23" });
  });
});
