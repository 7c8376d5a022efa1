import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { recordingLogger } from "../testkit/recording-logger.ts";
import { createSettler } from "./settler.ts";

describe("The settler of orders", () => {
  it("marks what comes while a group is under way together, each once", async () => {
    const groups: (readonly string[])[] = [];
    let done = Promise.withResolvers<void>();
    const settler = createSettler((ids) => {
      groups.push(ids);
      return done.promise;
    }, recordingLogger().log);
    settler.add("a");
    settler.add("b");
    settler.add("c");
    expect(groups).to.deep.equal([["a"]]);
    done.resolve();
    done = Promise.withResolvers();
    await turn();
    expect(groups).to.deep.equal([["a"], ["b", "c"]]);
    done.resolve();
    await turn();
    settler.add("d");
    expect(groups.at(-1)).to.deep.equal(["d"]);
  });

  it("logs a group that could not be marked, and goes on with the next", async () => {
    const { log, lines } = recordingLogger();
    const groups: (readonly string[])[] = [];
    const settler = createSettler(async (ids) => {
      groups.push(ids);
      if (groups.length === 1) throw new Error("refused");
    }, log);
    settler.add("a");
    settler.add("b");
    await turn();
    settler.add("c");
    expect(groups).to.deep.equal([["a"], ["b"], ["c"]]);
    expect(lines.map(({ level, orders }) => [level, orders])).to.deep.equal([["error", ["a"]]]);
  });
});
