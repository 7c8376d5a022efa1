import { mock } from "node:test";
import { expect } from "chai";
import { openPartition } from "../../testkit/deliveries.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import type { DeadSubject } from "../store/store.ts";
import { createPassedEvents } from "./passed-events.ts";

describe("Events that a relay has read past", () => {
  let clock = 10_000;
  beforeEach(() => {
    mock.method(performance, "now", () => clock);
  });
  afterEach(() => mock.reset());

  /** A relay that has read two partitions up to 9; the test says what the database holds. */
  function scene() {
    const database = { dead: [] as DeadSubject[], behind: [] as number[], fails: false };
    const partitions = [0, 1].map((number) => ({ ...openPartition(number), cursor: 9 }));
    const { log, lines } = recordingLogger();
    const store = {
      deadSubjects: async () => {
        if (database.fails) throw new Error("the database is away");
        return database.dead;
      },
      pendingBehind: async () => database.behind,
    };
    const passed = createPassedEvents(store, () => partitions, log);
    return { database, partitions, passed, lines };
  }

  it("are those of a database that has gone back when no dead event was replayed", async () => {
    const { database, partitions, passed, lines } = scene();
    database.dead = [{ subject: "cart-2", seq: 5 }];
    await passed.replayed(true);
    database.behind = [1];
    expect(await passed.goneBack(() => true)).to.deep.equal([partitions[1]]);
    expect(lines.map(({ msg, partition }) => [msg, partition])).to.deep.equal([
      ["the database has gone back; the partition is read anew", 1],
    ]);
  });

  it("are a dead one that was replayed after the dead were last asked for: no database has gone back", async () => {
    const { database, partitions, passed, lines } = scene();
    database.dead = [
      { subject: "cart-1", seq: 4 },
      { subject: "cart-2", seq: 5 },
    ];
    await passed.replayed(true);
    clock += 10;
    database.dead = [{ subject: "cart-2", seq: 5 }];
    database.behind = [0];
    expect(await passed.replayed(false), "it is not yet time to look").to.deep.equal([]);
    expect(await passed.goneBack(() => true)).to.deep.equal(partitions);
    expect(lines).to.deep.equal([]);
    expect(passed.waitsForDead({ subject: "cart-2", seq: 6 })).to.equal(true);
    expect(passed.waitsForDead({ subject: "cart-1", seq: 6 })).to.equal(false);
  });

  it("can be told from replayed ones only where the dead were asked for the last time, and answered", async () => {
    const { database, passed } = scene();
    const known = () => [0, 1, 2].filter((partition) => passed.knows(partition));
    expect(known()).to.deep.equal([]);
    await passed.replayed(true);
    expect(known()).to.deep.equal([0, 1]);
    database.fails = true;
    await passed.replayed(true).catch(() => {});
    expect(known()).to.deep.equal([]);
  });

  it("are not looked for in partitions that are not at rest", async () => {
    const { database, passed, lines } = scene();
    database.behind = [1];
    expect(await passed.goneBack(({ partition }) => partition === 0)).to.deep.equal([]);
    expect(lines).to.deep.equal([]);
  });
});
