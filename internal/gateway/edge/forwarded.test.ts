import { expect } from "chai";
import { parseForwarded, parseForwardedFor } from "./forwarded.ts";

const NO_MORE = { proto: undefined, host: undefined };

describe("A Forwarded header", () => {
  it("is read as RFC 7239 writes it", () => {
    expect(parseForwarded('for=192.0.2.43, For="[2001:db8:cafe::17]:4711";proto=https;by=_me')).to.deep.equal(
      [
        { from: "192.0.2.43", ...NO_MORE },
        { from: "2001:db8:cafe::17", proto: "https", host: undefined },
      ],
    );
    expect(parseForwarded('for="192.0.2.1:80" ; host="shop.example:8443"')).to.deep.equal([
      { from: "192.0.2.1", proto: undefined, host: "shop.example:8443" },
    ]);
  });

  it("may name who it hides, or nobody", () => {
    expect(parseForwarded("for=_gazonk, for=unknown, proto=http")).to.deep.equal([
      { from: "_gazonk", ...NO_MORE },
      { from: "unknown", ...NO_MORE },
      { from: null, proto: "http", host: undefined },
    ]);
  });

  it("may have empty members, and quotes with commas and quotes in them", () => {
    expect(parseForwarded(',for=192.0.2.1;, ;host="a,\\"b;c",')).to.deep.equal([
      { from: "192.0.2.1", ...NO_MORE },
      { from: null, proto: undefined, host: 'a,"b;c' },
    ]);
  });

  for (const wrong of ["192.0.2.1", "for=", 'for="192.0.2.1', "for=a b", "for=[::1]", "for=a:1"])
    it(`is not well-formed as ${wrong}`, () => expect(parseForwarded(wrong)).to.equal(null));

  it("as X-Forwarded-For tells addresses, of which some proxies add the port", () => {
    const from = parseForwardedFor("192.0.2.1:4711, [2001:db8::1]:80,2001:db8::2 , 192.0.2.2");
    expect(from.map((hop) => hop.from)).to.deep.equal([
      "192.0.2.1",
      "2001:db8::1",
      "2001:db8::2",
      "192.0.2.2",
    ]);
  });
});
