import { expect } from "chai";
import type { StagedEvent } from "../../platform/event/event.ts";
import { createLogger } from "../../platform/logger/logger.ts";
import { Registry } from "../../platform/metrics/metrics.ts";
import { stagedEvent } from "../../testkit/staged-event.ts";
import { createForwarderMetrics } from "../metrics.ts";
import { createForwarder, type Forwarder } from "./forwarder.ts";

/** Lets everything run that waits for no timer and for nobody else. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/* Stand-ins for Redis and SQL answer when the test says so: in orders that real servers seldom take. */
describe("The forwarder, step by step", () => {
  let forwarder: Forwarder;
  let reads: ((entries: StagedEvent[]) => void)[];
  let commits: { ids: string[]; end: () => void }[];

  beforeEach(() => {
    reads = [];
    commits = [];
    forwarder = createForwarder({
      store: {
        appendWhereFree: (events) =>
          new Promise((end) => {
            commits.push({ ids: events.map(({ id }) => id), end: () => end([]) });
          }),
        park: async () => {},
      },
      staging: {
        oldest: () => new Promise((answer) => void reads.push(answer)),
        remove: async () => {},
        setAside: async () => true,
        backlog: async () => ({ oldestAt: [], staged: 0, now: 0 }),
      },
      notifier: { notify: () => {} },
      shards: 1,
      commitTimeoutMs: 60_000,
      metrics: createForwarderMetrics(new Registry()),
      log: createLogger("test", "fatal"),
    });
  });
  afterEach(async () => {
    const closing = forwarder.close();
    for (const { end } of commits) end();
    for (const answer of reads) answer([]);
    await closing;
  });

  /** What `committed` has said so far. */
  function ask(event: StagedEvent): { outcome: string | null } {
    const asked: { outcome: string | null } = { outcome: null };
    void forwarder.committed(event).then((outcome) => {
      asked.outcome = outcome;
    });
    return asked;
  }

  it("does not take an event for committed that was staged while the stream was being read", async () => {
    void forwarder.forward([0]);
    await settled();
    const asked = ask(stagedEvent(1));
    reads.shift()!([]);
    await settled();
    expect(asked.outcome, "it is not in the answer because it came too late for it").to.equal(null);
    reads.shift()!([stagedEvent(1)]);
    await settled();
    expect(asked.outcome).to.equal(null);
    commits.shift()!.end();
    await settled();
    expect(asked.outcome).to.equal("committed");
  });

  it("takes an event for committed that a later read no longer finds", async () => {
    void forwarder.forward([0]);
    await settled();
    const asked = ask(stagedEvent(1));
    reads.shift()!([]);
    await settled();
    reads.shift()!([]);
    await settled();
    expect(asked.outcome).to.equal("committed");
    expect(commits).to.deep.equal([]);
  });

  it("takes nobody for committed who waited while the connection to Redis was lost", async () => {
    void forwarder.forward([0]);
    await settled();
    const asked = ask(stagedEvent(1));
    forwarder.forgetChains();
    await settled();
    expect(asked.outcome, "missing from the stream it may be lost as well").to.equal("staged");
  });
});
