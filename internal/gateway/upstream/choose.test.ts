import { expect } from "chai";
import fc from "fast-check";
import { type Candidate, chooseForKey, chooseOfTwo, hashOf } from "./choose.ts";

interface Named extends Candidate {
  readonly name: string;
}

const candidates = (names: readonly string[], outstanding = 0): Named[] =>
  names.map((name) => ({ name, seed: hashOf(name), outstanding }));
const KEYS = Array.from({ length: 1_024 }, (_, key) => key);

describe("The choice among a service's addresses", () => {
  it("for a key is the same at every gateway, whatever the order in which the addresses came", () => {
    const addresses = fc.uniqueArray(fc.ipV4(), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(addresses, fc.nat(1_023), (names, key) => {
        const chosen = chooseForKey(candidates(names), key).name;
        expect(chooseForKey(candidates([...names].reverse()), key).name).to.equal(chosen);
      }),
    );
  });

  it("gives each address a fair part of the keys", () => {
    for (const count of [2, 3, 5]) {
      const all = candidates(Array.from({ length: count }, (_, i) => `10.0.0.${i}:8080`));
      const parts = new Map<string, number>();
      for (const key of KEYS) {
        const { name } = chooseForKey(all, key);
        parts.set(name, (parts.get(name) ?? 0) + 1);
      }
      for (const part of parts.values()) expect(part * count).to.be.within(700, 1_400);
      expect(parts.size).to.equal(count);
    }
  });

  it("moves only the keys of an address that goes", () => {
    const all = candidates(["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"]);
    const left = all.filter(({ name }) => name !== "10.0.0.2:80");
    for (const key of KEYS) {
      const before = chooseForKey(all, key).name;
      if (before !== "10.0.0.2:80") expect(chooseForKey(left, key).name).to.equal(before);
    }
  });

  it("passes over an address far busier than the others, and returns to it", () => {
    const [a, b] = candidates(["a", "b"]) as [Named, Named];
    const key = KEYS.find((each) => chooseForKey([a, b], each) === a)!;
    const busy = (outstanding: number) => ({ ...a, outstanding });
    expect(chooseForKey([busy(100), { ...b, outstanding: 0 }], key).name).to.equal("b");
    expect(chooseForKey([busy(100), { ...b, outstanding: 60 }], key).name).to.equal("a");
    expect(chooseForKey([busy(15), b], key).name, "few requests are no load").to.equal("a");
    expect(chooseForKey([busy(1_000)], key).name, "there is no other").to.equal("a");
  });

  it("without a key is the less busy of two", () => {
    const [a, b] = candidates(["a", "b"]) as [Named, Named];
    const busy = { ...a, outstanding: 3 };
    for (const random of [() => 0, () => 0.99]) {
      expect(chooseOfTwo([busy, b], random).name).to.equal("b");
      expect(chooseOfTwo([b, busy], random).name).to.equal("b");
    }
    expect(chooseOfTwo([a]).name).to.equal("a");
  });

  it("without a key spreads over all when none is busier", () => {
    const all = candidates(["a", "b", "c"]);
    const seen = new Set(Array.from({ length: 200 }, () => chooseOfTwo(all).name));
    expect(seen.size).to.equal(3);
  });
});
