import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { uncommentedValues, type ValuesSchema } from "./value-comments.ts";

const CHART = new URL("../../../charts/cartwright/", import.meta.url);

describe("The comments of values", () => {
  const schema = { properties: { a: { properties: { b: {}, c: {} } }, labels: {} } };

  it("are there above or beside each value", () => {
    expect(
      uncommentedValues("a:\n  # one\n  b: 1\n  c: 2 # two\n# three\nlabels: { x: y }\n", schema),
    ).to.deep.equal([]);
  });

  it("are missed where there is none, or only one for several fields", () => {
    expect(uncommentedValues("# one\na:\n  b: 1\n# two\n\nlabels: {}\n", schema)).to.deep.equal([
      "a.b",
      "labels",
    ]);
    expect(uncommentedValues("# one\na: { b: 1, c: 2 }\n", schema)).to.deep.equal([
      "a: a line for each field",
    ]);
  });

  it("are there for every value of the chart and of its parts", () => {
    const whole = JSON.parse(readFileSync(new URL("values.schema.json", CHART), "utf8")) as ValuesSchema;
    const parts = readdirSync(new URL("charts/", CHART)).filter((name) =>
      existsSync(new URL(`charts/${name}/values.yaml`, CHART)),
    );
    expect(parts).to.have.length(9);
    const faultsOf = (file: string, of: ValuesSchema | undefined) =>
      uncommentedValues(readFileSync(new URL(file, CHART), "utf8"), of ?? {}).map(
        (fault) => `${file}: ${fault}`,
      );
    expect(faultsOf("values.yaml", whole)).to.deep.equal([]);
    for (const part of parts) {
      expect(faultsOf(`charts/${part}/values.yaml`, whole.properties?.[part])).to.deep.equal([]);
    }
  });
});
