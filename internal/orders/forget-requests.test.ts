import { expect } from "chai";
import { forgetOldRequests } from "./forget-requests.ts";

/* A stand-in for the store: all there is to see is what it is asked. */

describe("Forgetting of remembered requests", () => {
  const storeOf = (counts: number[]) => {
    const befores: number[] = [];
    const forgetRequests = async (before: number) => {
      befores.push(before);
      return counts.shift()!;
    };
    return { befores, forgetRequests };
  };

  it("takes those of more than a day ago, some at a time, until none is left", async () => {
    const store = storeOf([1_000, 1_000, 7]);
    await forgetOldRequests(store, new AbortController().signal);
    expect(store.befores).to.have.length(3);
    expect(Date.now() - store.befores[0]!).to.be.at.least(24 * 3_600_000);
  });

  it("ends after those at hand when the process stops", async () => {
    const store = storeOf([1_000, 1_000, 7]);
    await forgetOldRequests(store, AbortSignal.abort());
    expect(store.befores).to.have.length(1);
  });
});
