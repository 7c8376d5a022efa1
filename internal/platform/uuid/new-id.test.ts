import { expect } from "chai";
import { newId } from "./new-id.ts";

describe("A new id", () => {
  const made = Array.from({ length: 5_000 }, newId);

  it("is a UUID of version 7, like none before", () => {
    for (const id of made)
      expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(made.map((id) => id.slice(14))).size, "random parts").to.equal(made.length);
  });

  it("tells the millisecond of its making", () => {
    const before = Date.now();
    const at = Number.parseInt(newId().replaceAll("-", "").slice(0, 12), 16);
    expect(at).to.be.within(before, Date.now());
  });
});
