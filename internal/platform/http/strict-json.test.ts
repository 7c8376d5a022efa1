import { expect } from "chai";
import * as fc from "fast-check";
import { outlineOf, repeatsKey } from "./strict-json.ts";

describe("A JSON text", () => {
  const repeats = (text: string) => repeatsKey(outlineOf(Buffer.from(text)), JSON.parse(text));

  for (const text of [
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '[{"b":{"a":1,"c":2,"a":3}}]',
    '{"__proto__":1,"__proto__":2}',
    '{"a":"x:\\"y","a":{}}',
  ])
    it(`names a key twice: ${text}`, () => expect(repeats(text)).to.equal(true));

  it("of whatever value, written once, names none twice", () => {
    fc.assert(fc.property(fc.json(), (text) => !repeats(text)));
    expect(repeats('{"a:b":"c:\\\\","d":[{"a":":"},{"a":1}]}')).to.equal(false);
  });

  for (const [text, depth] of [
    ["1", 0],
    ["[]", 1],
    ['[{},{"a":[]}]', 3],
    ['"[[["', 0],
    ['["\\"[[","\\\\",[]]', 2],
    ["[".repeat(100_000), 100_000],
    ["]]]{", 0],
  ] as const)
    it(`is ${depth} levels deep: ${text.slice(0, 20)}`, () =>
      expect(outlineOf(Buffer.from(text)).depth).to.equal(depth));
});
