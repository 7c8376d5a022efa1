import { expect } from "chai";
import { signingKey } from "../../platform/identity/key-ring.ts";
import {
  looksLikeRefreshToken,
  mintRefreshToken,
  parseRefreshToken,
  type RefreshToken,
  successorOf,
} from "./refresh-token.ts";

const GUEST = "0f8fad5b-d9cb-469f-a165-70867728950e";
const [KEY, OTHER] = [signingKey("k".repeat(32)), signingKey("o".repeat(32))];

describe("A refresh token", () => {
  it("is its text: what is parsed has the guest and the hashes of what was minted", () => {
    const token = mintRefreshToken(GUEST);
    expect(token.guestId).to.equal(GUEST);
    expect(parseRefreshToken(token.text)).to.deep.equal(token);
    expect(looksLikeRefreshToken(token.text)).to.equal(true);
  });

  it("is another one each time, and its hashes say nothing of it", () => {
    const [one, two] = [mintRefreshToken(GUEST), mintRefreshToken(GUEST)];
    for (const part of ["text", "hash", "familyHash"] satisfies (keyof RefreshToken)[])
      expect(one[part], part).not.to.equal(two[part]);
    expect(one.text).not.to.include(one.hash).and.not.to.include(one.familyHash);
    expect(one.hash).not.to.equal(one.familyHash);
  });

  it("has one successor under a key, of the same family, and another under another key", () => {
    const token = mintRefreshToken(GUEST);
    const successor = successorOf(token, KEY);
    expect(successorOf(parseRefreshToken(token.text)!, KEY)).to.deep.equal(successor);
    expect(successor).to.include({ guestId: GUEST, familyHash: token.familyHash });
    expect(successor.hash).not.to.equal(token.hash);
    expect(successorOf(token, OTHER).hash).not.to.equal(successor.hash);
    expect(successorOf(successor, KEY).hash).not.to.equal(successor.hash);
  });

  it("of another text is none", () => {
    const { text } = mintRefreshToken(GUEST);
    for (const wrong of [
      "",
      "cwr_",
      "eyJhbGciOiJIUzI1NiJ9.e30.x",
      text.slice(0, -1),
      `${text}A`,
      `${text}\n`,
      ` ${text}`,
    ])
      expect(parseRefreshToken(wrong), wrong).to.equal(null);
    expect(parseRefreshToken(text.replace("cwr_", "CWR_"))).to.equal(null);
  });

  it("has one text: spare bits of its last character are not ignored", () => {
    const { text } = mintRefreshToken(GUEST);
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const others = [...alphabet].map((last) => text.slice(0, -1) + last).filter((other) => other !== text);
    const [bytes] = [Buffer.from(text.slice(4), "base64url")];
    const same = others.filter((other) => Buffer.from(other.slice(4), "base64url").equals(bytes));
    expect(same.length).to.equal(15);
    for (const other of same) expect(parseRefreshToken(other)).to.equal(null);
  });
});
