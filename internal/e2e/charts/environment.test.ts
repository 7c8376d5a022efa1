import { expect } from "chai";
import { z } from "zod";
import { environmentFaults } from "./environment.ts";

describe("The environment in a manifest", () => {
  const schemas = new Map([
    ["cart", z.object({ URL: z.url().describe("where"), TTL: z.string().default("1").describe("how long") })],
  ]);
  const faultsOf = (env: object[], args = ["cart"]) => {
    const spec = { template: { spec: { containers: [{ args, env }] } } };
    return environmentFaults(JSON.stringify({ kind: "Deployment", spec }), schemas);
  };
  const url = { name: "URL", value: "redis://$(PASSWORD)@h" };
  const password = { name: "PASSWORD", valueFrom: {} };

  it("is right when every variable is known or fills in another, and every required one is there", () => {
    expect(faultsOf([password, url, { name: "TTL_FILE", value: "/f" }])).to.deep.equal([]);
    expect(faultsOf([{ name: "URL", valueFrom: {} }])).to.deep.equal([]);
    expect(faultsOf([{ name: "ANYTHING", value: "" }], ["not-ours"])).to.deep.equal([]);
  });

  it("is wrong by each variable that is not known, is missing or has a bad value", () => {
    expect(faultsOf([url, { name: "TLT", value: "5" }])).to.deep.equal(["cart does not know TLT"]);
    expect(faultsOf([{ name: "TTL", value: "5" }])).to.deep.equal(["cart needs URL"]);
    expect(faultsOf([{ name: "URL", value: "nowhere" }])).to.deep.equal(["cart does not take URL=nowhere"]);
  });
});
