import { expect } from "chai";
import { chooseDatabase } from "./choose-database.ts";
import { sleepingPart } from "./sleeping-part.ts";
import { note, runningOf, type State } from "./state.ts";

describe("What make up remembers", () => {
  const { part, state } = sleepingPart();

  it("is a part that runs, under its name", () => {
    expect(runningOf(state(part("redis")), "redis")?.pid).to.equal(part("redis").pid);
    expect(runningOf(state(part("redis")), "cart")).to.equal(undefined);
  });

  it("is not a later process that got a part's pid", () => {
    expect(runningOf(state(part("redis", { startTime: "1" })), "redis")).to.equal(undefined);
    expect(runningOf(state(part("redis", { startTime: null })), "redis")).to.equal(undefined);
  });

  it("is not a part that was never seen ready", () => {
    expect(runningOf(state(part("redis", { starting: true })), "redis")).to.equal(undefined);
  });

  it("keeps a part's place when it is started again: parts stop in the reverse order", () => {
    const parts = state(part("redis"), part("cart"));
    note(parts, part("redis", { port: 2 }));
    expect(parts.started.map(({ name, port }) => [name, port])).to.deep.equal([
      ["redis", 2],
      ["cart", 1],
    ]);
  });

  describe("of the database", () => {
    const sql = "sqlserver://a:b@h:1/d";
    const running = (databaseUrl: string): State => ({ ...state(part("cart")), databaseUrl });

    it("is nothing while nothing runs: what is given counts", () => {
      expect(chooseDatabase({ ...state(), databaseUrl: sql }, undefined)).to.equal(null);
      expect(chooseDatabase(state(), sql)).to.equal(sql);
    });

    it("is kept while the platform runs", () => {
      expect(chooseDatabase(running(sql), undefined)).to.equal(sql);
      expect(chooseDatabase(running(sql), sql)).to.equal(sql);
      expect(chooseDatabase(running("postgres://a:b@h:1/d"), undefined)).to.equal(null);
    });

    it("is a SQL Server or our own", () => {
      expect(() => chooseDatabase(state(), "postgres://a:b@h:1/d")).to.throw("must be sqlserver://");
    });
  });
});
