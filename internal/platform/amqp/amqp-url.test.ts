import { expect } from "chai";
import { amqpUrl, parseAmqpUrl } from "./amqp-url.ts";

describe("the broker's URL", () => {
  it("is taken apart, with the protocol's own port and the default virtual host where none is given", () => {
    expect(parseAmqpUrl("amqp://u%40x:p%2Fw@host")).to.deep.equal({
      hosts: [{ host: "host", port: 5672 }],
      username: "u@x",
      password: "p/w",
      tls: false,
      vhost: undefined,
    });
    expect(parseAmqpUrl("amqps://u:p@[::1]:1234/shop%2Fa")).to.deep.include({
      hosts: [{ host: "::1", port: 1234 }],
      tls: true,
      vhost: "shop/a",
    });
    expect(parseAmqpUrl("amqps://u:p@h/")).to.deep.include({
      hosts: [{ host: "h", port: 5671 }],
      vhost: undefined,
    });
    expect(parseAmqpUrl("amqp://u:p@h/%2F")).to.include({ vhost: undefined });
  });

  it("names several hosts of one cluster after commas, with one login and one virtual host", () => {
    expect(parseAmqpUrl("amqp://u:p,@q@a,b:1234,[::1]:5/shop")).to.deep.equal({
      hosts: [
        { host: "a", port: 5672 },
        { host: "b", port: 1234 },
        { host: "::1", port: 5 },
      ],
      username: "u",
      password: "p,@q",
      tls: false,
      vhost: "shop",
    });
  });

  for (const [url, fault] of [
    ["", /must look like amqp:/],
    ["http://u:p@h", /must look like amqp:/],
    ["amqp://u:p@", /must look like amqp:/],
    ["amqp://u:p@a,", /host or port/],
    ["amqp://u:p@a:b", /host or port/],
    ["amqp://u:p@a,b:70000", /host or port/],
    ["amqp://h", /needs user and password/],
    ["amqp://u@h", /needs user and password/],
    ["amqp://:p@h", /needs user and password/],
    ["amqp://u:p@h/a/b", /slash as %2F/],
    ["amqp://u:p@h?x=1", /no options/],
    ["amqp://u:%E0%A4@h", /%25/],
    ["amqp://u:p@a,amqp://u:p@b", /more than one URL/],
  ] as const)
    it(`says what is wrong with "${url}"`, () => {
      expect(() => parseAmqpUrl(url)).to.throw(fault);
    });

  it("is not repeated when a setting is wrong", () => {
    const result = amqpUrl().safeParse("amqp://secretuser@h");
    expect(result.success).to.equal(false);
    expect(JSON.stringify(result.error)).to.not.include("secretuser");
  });
});
