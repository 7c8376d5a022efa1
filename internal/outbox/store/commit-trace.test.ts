import { expect } from "chai";
import type { EventEnvelope } from "../../platform/event/event.ts";
import { useTracer } from "../../platform/telemetry/telemetry.ts";
import { newTraceparent } from "../../platform/trace/traceparent.ts";
import { type RecordedSpan, recordSpans } from "../../testkit/recorded-spans.ts";
import { traceAppends } from "./commit-trace.ts";

describe("The trace of a commit", () => {
  let made: readonly RecordedSpan[];
  beforeEach(() => {
    made = recordSpans();
  });
  afterEach(() => useTracer(null));

  const event = (partition: number, flags: "00" | "01" | null) => ({
    id: "e",
    partition,
    source: "/cartwright/cart",
    type: "cart.updated",
    subject: "c",
    sequence: 1,
    sequenceName: "version",
    data: "{}",
    traceparent: flags && newTraceparent().replace(/00$/, flags),
    occurredAt: 1_000 + partition,
  });

  /** Commits them, or fails with `error`. */
  const commit = (events: readonly EventEnvelope[], leftOut: readonly number[] = [], error?: Error) =>
    traceAppends(
      { appendWhereFree: () => (error ? Promise.reject(error) : Promise.resolve(leftOut)) },
      "postgresql",
    ).appendWhereFree(events);

  it("joins the requests that share it: within the first one's trace, with links to the others' and back", async () => {
    const [a, b] = [event(0, "01"), event(1, "01")];
    await commit([a, b]);
    const [first, ...waits] = made;
    expect(first).to.include({ name: "INSERT outbox_event", parent: a.traceparent });
    expect(first!.attributes).to.include({ "db.system.name": "postgresql", "db.operation.batch.size": 2 });
    expect(first!.links).to.deep.equal([b.traceparent]);
    expect(
      waits.map(({ name, parent, links, startTime }) => ({ name, parent, links, startTime })),
    ).to.deep.equal(
      [a, b].map(({ traceparent: parent, occurredAt: startTime }) => {
        return { name: "staged", parent, links: [first!.traceparent], startTime };
      }),
    );
  });

  it("ends no wait of an event that it left out, or when it fails", async () => {
    expect(await commit([event(0, "01"), event(1, "01")], [1])).to.deep.equal([1]);
    expect(made.filter(({ name }) => name === "staged").map(({ startTime }) => startTime)).to.deep.equal([
      1_000,
    ]);
    made = recordSpans();
    const away = new Error("away");
    expect(await commit([event(0, "01")], [], away).catch((err: unknown) => err)).to.equal(away);
    expect(made.map(({ name, error }) => [name, (error as Error).message])).to.deep.equal([
      ["INSERT outbox_event", "away"],
    ]);
  });

  it("is none where no event is of a recorded trace, or telemetry is off", async () => {
    await commit([event(0, "00"), event(1, null)]);
    useTracer(null);
    await commit([event(0, "01")]);
    expect(made).to.deep.equal([]);
  });
});
