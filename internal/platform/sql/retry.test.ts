import { expect } from "chai";
import { isRefusedByPostgres, isTransientPostgres } from "./postgres.ts";
import { retryPatiently, retryWhen } from "./retry.ts";
import {
  isDuplicateKey,
  isRefusedBySqlServer,
  isTransientSqlServer,
  isUnavailableSqlServer,
} from "./sqlserver.ts";

const failing = (times: number, error: Error) => {
  let calls = 0;
  const work = async () => {
    if (++calls <= times) throw error;
    return calls;
  };
  return work;
};
const deadlock = Object.assign(new Error("deadlock"), { number: 1205 });

/** What came of it: the value, or the error's message. */
const outcome = (work: Promise<unknown>) => work.catch((error: Error) => error.message);

describe("a command on a database that Azure is moving", () => {
  const patiently = retryPatiently(isUnavailableSqlServer, { initialDelay: 1, maxDelay: 2 });

  for (const number of [40613, 40501, 49918, 10928])
    it(`goes on when error ${number} is over`, async () => {
      expect(await outcome(patiently(failing(5, Object.assign(new Error("moving"), { number }))))).to.equal(
        6,
      );
    });

  it("ends at once with an error that no waiting will mend", async () => {
    const wrong = Object.assign(new Error("Invalid object name"), { number: 208 });
    expect(await outcome(patiently(failing(1, wrong)))).to.equal("Invalid object name");
  });
});

describe("running a transaction again", () => {
  it("goes on until it succeeds, so many times and no more", async () => {
    const retried = retryWhen(isTransientSqlServer);
    expect(await outcome(retried(failing(5, deadlock)))).to.equal(6);
    expect(await outcome(retried(failing(6, deadlock)))).to.equal("deadlock");
  });

  it("does not repeat what was not a passing conflict", async () => {
    expect(await outcome(retryWhen(isTransientSqlServer)(failing(1, new Error("lost"))))).to.equal("lost");
  });

  it("knows the passing conflicts of both databases", () => {
    for (const code of ["40P01", "40001", "55P03"]) expect(isTransientPostgres({ code })).to.equal(true);
    for (const code of ["23505", "57P01", undefined]) expect(isTransientPostgres({ code })).to.equal(false);
    for (const number of [1205, 1222, 3960]) expect(isTransientSqlServer({ number })).to.equal(true);
    expect(isTransientSqlServer({ number: 2627 })).to.equal(false);
    for (const number of [2601, 2627]) expect(isDuplicateKey({ number })).to.equal(true);
    expect(isDuplicateKey({ number: 547 })).to.equal(false);
  });

  it("blames the values for a failed check, but in neither database for a key that is there already", () => {
    for (const code of ["22001", "23502", "23514"]) expect(isRefusedByPostgres({ code })).to.equal(true);
    expect(isRefusedByPostgres({ code: "23505" })).to.equal(false);
    expect(isRefusedBySqlServer({ number: 547 })).to.equal(true);
    for (const number of [2601, 2627]) expect(isRefusedBySqlServer({ number })).to.equal(false);
  });
});
