import { expect } from "chai";
import { identityOf, MOST_OWNER_LENGTH } from "../platform/identity/identity.ts";
import { fullOwner, MOST_KEY_LENGTH, ownerKey } from "./owner-key.ts";

describe("The key of an owner's orders", () => {
  const fits = `user:${"x".repeat(MOST_KEY_LENGTH - 5)}`;

  it("is the owner, as long as the column holds it", () => {
    for (const owner of ["user:alice", fits]) {
      expect(ownerKey(owner)).to.equal(owner);
      expect(fullOwner(owner)).to.equal(null);
    }
  });

  it("of a longer one fits too, is another for each, and that of no other owner", () => {
    const owners = Array.from(
      { length: MOST_OWNER_LENGTH - fits.length },
      (_, more) => `${fits}${"x".repeat(more + 1)}`,
    );
    const keys = owners.map(ownerKey);
    expect(new Set(keys).size).to.equal(owners.length);
    for (const key of keys) {
      expect(key.length).to.equal(MOST_KEY_LENGTH);
      expect(identityOf(key)).to.equal(null);
    }
    expect(owners.map(fullOwner)).to.deep.equal(owners);
  });
});
