import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";

const PUBLISHED = new URL("../../../k8s/crds/", import.meta.url);
const INSTALLED = new URL("../../../charts/cartwright/charts/operator/crds/", import.meta.url);

describe("The resource definitions", () => {
  it("are the same in k8s/crds and in the chart, which must hold files of its own", () => {
    const textsOf = (folder: URL) =>
      readdirSync(folder)
        .sort()
        .map((name) => [name, readFileSync(new URL(name, folder), "utf8")]);
    expect(textsOf(INSTALLED)).to.have.length(2);
    expect(textsOf(PUBLISHED)).to.deep.equal(textsOf(INSTALLED));
  });
});
