import { expect } from "chai";
import { addressVersionOf, exchangeTarget, messageAddress } from "./address.ts";

describe("addresses", () => {
  it("are v1 for RabbitMQ before 4, v2 for later ones and for brokers that do not say", () => {
    const of = (version: string) => addressVersionOf({ product: "RabbitMQ", version });
    expect(["3.10.8", "3.13.7", "4.0.5", "4.3.0", "10.0.0"].map(of)).to.deep.equal([
      "v1",
      "v1",
      "v2",
      "v2",
      "v2",
    ]);
    expect(addressVersionOf(undefined)).to.equal("v2");
    expect(addressVersionOf({ product: "Other", version: "1.0" })).to.equal("v2");
  });

  it("encode each part, so that a name cannot reach beyond it", () => {
    expect(exchangeTarget("v1", "cart.events")).to.equal("/exchange/cart.events");
    expect(exchangeTarget("v2", "a/b")).to.equal("/exchanges/a%2Fb");
    expect(messageAddress("a/b", "c d/é")).to.equal("/exchanges/a%2Fb/c%20d%2F%C3%A9");
  });
});
