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

  it("may have spaces and tabs around each pair, and nothing but those between two", () => {
    expect(parseForwarded(" \tfor=a \t; \t,\t proto=http\t , ;  ")).to.deep.equal([
      { from: "a", ...NO_MORE },
      { from: null, proto: "http", host: undefined },
    ]);
    for (const empty of ["", " ", "\t \t", " ; ", " , ,; "]) expect(parseForwarded(empty)).to.deep.equal([]);
  });

  it("cut short anywhere is well-formed where its last pair is whole", () => {
    const text = 'for=a ;by="b\\"c", host=d';
    const parts = Array.from({ length: text.length }, (_, at) => text.slice(0, at + 1));
    const wellFormed = parts.filter((part) => parseForwarded(part) !== null);
    const whole = ["for=a", " ", ";", 'by="b\\"c"', ",", " ", "host=d"];
    expect(wellFormed).to.deep.equal(whole.map((_, at) => whole.slice(0, at + 1).join("")));
  });

  // Read in steps that grow as its square, this would take minutes.
  it("is refused in one pass however long it goes on before its fault", () => {
    const runs = [" ", "\t ", "a", "a=b;", "a=b ,", '"', '\\"', "\\\\"].map((part) =>
      part.repeat(200_000 / part.length),
    );
    for (const run of runs)
      for (const before of ["", "a=b;", "a=b", 'a="', "a="])
        expect(parseForwarded(`${before}${run}"(`), `${before}${run.slice(0, 8)}`).to.equal(null);
  });

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
