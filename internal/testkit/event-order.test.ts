import { expect } from "chai";
import { checkPerCartOrder } from "./event-order.ts";

const arrivals = (...texts: string[]) =>
  texts.map((text) => {
    const [subject = "", version = "", id = `${subject}${version}`] = text.split(" ");
    return { id, subject, version: Number(version) };
  });

describe("checkPerCartOrder", () => {
  it("is content with carts whose versions rise by one, however the carts are interleaved", () => {
    expect(checkPerCartOrder(arrivals("a 1", "b 5", "a 2", "b 6", "a 3"))).to.deep.equal([]);
  });

  it("overlooks repeats of an id, also late ones", () => {
    expect(checkPerCartOrder(arrivals("a 1", "a 2", "a 1", "a 2", "a 3"))).to.deep.equal([]);
  });

  it("finds a gap", () => {
    expect(checkPerCartOrder(arrivals("a 1", "a 3"))).to.deep.equal(["a: version 3 came where 2 was due"]);
  });

  it("finds versions in the wrong order", () => {
    expect(checkPerCartOrder(arrivals("a 1", "a 3", "a 2"))).to.have.length(2);
  });

  it("finds a version that two different ids carry", () => {
    expect(checkPerCartOrder(arrivals("a 1", "a 2", "a 2 other", "a 3"))).to.deep.equal([
      "a: version 2 has two ids, a2 and other",
    ]);
  });

  it("finds missing first versions when told where carts start", () => {
    expect(checkPerCartOrder(arrivals("a 2", "a 3"), 1)).to.deep.equal(["a: version 2 came where 1 was due"]);
    expect(checkPerCartOrder(arrivals("a 1", "b 1", "a 2"), 1)).to.deep.equal([]);
  });
});
