import { expect } from "chai";
import { amqpUrl, parseAmqpUrl } from "./amqp-url.ts";

describe("the broker's URL", () => {
  it("is taken apart, with the protocol's own port and the default virtual host where none is given", () => {
    expect(parseAmqpUrl("amqp://u%40x:p%2Fw@host")).to.deep.equal({
      host: "host",
      port: 5672,
      username: "u@x",
      password: "p/w",
      tls: false,
      vhost: undefined,
    });
    expect(parseAmqpUrl("amqps://u:p@[::1]:1234/shop%2Fa")).to.include({
      host: "::1",
      port: 1234,
      tls: true,
      vhost: "shop/a",
    });
    expect(parseAmqpUrl("amqps://u:p@h/")).to.include({ port: 5671, vhost: undefined });
    expect(parseAmqpUrl("amqp://u:p@h/%2F")).to.include({ vhost: undefined });
  });

  it("needs user and password, and nothing that is not understood", () => {
    for (const url of [
      "amqp://h",
      "amqp://u@h",
      "amqp://:p@h",
      "http://u:p@h",
      "amqp://u:p@h/a/b",
      "amqp://u:p@h?x=1",
      "amqp://u:%E0%A4@h",
      "",
    ])
      expect(parseAmqpUrl(url), url).to.equal(null);
  });

  it("is not repeated when a setting is wrong", () => {
    const result = amqpUrl().safeParse("amqp://secretuser@h");
    expect(result.success).to.equal(false);
    expect(JSON.stringify(result.error)).to.not.include("secretuser");
  });
});
