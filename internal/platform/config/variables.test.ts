import { expect } from "chai";
import { z } from "zod";
import { integer } from "./fields.ts";
import { variablesOf } from "./variables.ts";

describe("The variables of a configuration", () => {
  it("have the meaning, the default and the bounds that their schema gives them", () => {
    const schema = z.object({
      URL: z.string().describe("where it is"),
      COUNT: integer(1, 9).default(5).describe("how many"),
      MODE: z.enum(["a", "b"]).default("a").describe("how"),
      NAME: z.string().optional().describe("who; without it nobody"),
      PLACE: z
        .string()
        .prefault(() => process.env.NOWHERE as string)
        .describe("where; without it here"),
      QUOTA: z
        .string()
        .transform((text) => text.split("/"))
        .prefault("6/60")
        .describe("how often"),
    });
    const free = { fallback: undefined, takes: undefined };
    expect(variablesOf(schema)).to.deep.equal([
      { name: "URL", meaning: "where it is", required: true, ...free },
      { name: "COUNT", meaning: "how many", required: false, fallback: "5", takes: "1 to 9" },
      { name: "MODE", meaning: "how", required: false, fallback: "a", takes: "a, b" },
      { name: "NAME", meaning: "who; without it nobody", required: false, ...free },
      { name: "PLACE", meaning: "where; without it here", required: false, ...free },
      { name: "QUOTA", meaning: "how often", required: false, fallback: "6/60", takes: undefined },
    ]);
  });

  it("must be described: a description that a later step of the field drops is none", () => {
    expect(() => variablesOf(z.object({ A: z.string().describe("what").default("x") }))).to.throw(
      /^A has no/,
    );
  });
});
