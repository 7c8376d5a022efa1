import { expect } from "chai";
import { type SpanOptions, useTracer } from "../../platform/telemetry/telemetry.ts";
import { newTraceparent } from "../../platform/trace/traceparent.ts";
import { traceCommit } from "./commit-trace.ts";

describe("The trace of a commit", () => {
  let made: (SpanOptions & { traceparent: string; error?: unknown })[];
  beforeEach(() => {
    made = [];
    useTracer({
      start: (options) => {
        const span = {
          ...options,
          traceparent: newTraceparent().replace(/00$/, "01"),
          error: undefined as unknown,
        };
        made.push(span);
        return {
          traceparent: span.traceparent,
          rename: () => {},
          set: () => {},
          end: (error) => {
            span.error = error;
          },
        };
      },
    });
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

  it("joins the requests that share it: within the first one's trace, with links to the others' and back", () => {
    const [a, b] = [event(0, "01"), event(1, "01")];
    traceCommit([a, b])([]);
    const [commit, ...waits] = made;
    expect(commit).to.include({ name: "INSERT outbox_event", parent: a.traceparent });
    expect(commit!.links).to.deep.equal([b.traceparent]);
    expect(
      waits.map(({ name, parent, links, startTime }) => ({ name, parent, links, startTime })),
    ).to.deep.equal(
      [a, b].map(({ traceparent: parent, occurredAt: startTime }) => {
        return { name: "staged", parent, links: [commit!.traceparent], startTime };
      }),
    );
  });

  it("ends no wait of an event that it left out, or when it fails", () => {
    traceCommit([event(0, "01"), event(1, "01")])([1]);
    expect(made.filter(({ name }) => name === "staged").map(({ startTime }) => startTime)).to.deep.equal([
      1_000,
    ]);
    made.length = 0;
    traceCommit([event(0, "01")])([], new Error("away"));
    expect(made.map(({ name, error }) => [name, (error as Error).message])).to.deep.equal([
      ["INSERT outbox_event", "away"],
    ]);
  });

  it("is none where no event is of a recorded trace, or telemetry is off", () => {
    traceCommit([event(0, "00"), event(1, null)])([]);
    useTracer(null);
    traceCommit([event(0, "01")])([]);
    expect(made).to.deep.equal([]);
  });
});
