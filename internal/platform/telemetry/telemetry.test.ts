import { expect } from "chai";
import { newTraceparent } from "../trace/traceparent.ts";
import { activeTraceparent, inSpan, type SpanOptions, startSpan, useTracer, within } from "./telemetry.ts";

describe("Telemetry", () => {
  const recorded = () => newTraceparent().replace(/00$/, "01");
  let made: SpanOptions[];
  beforeEach(() => {
    made = [];
    useTracer({
      start: (options) => {
        made.push(options);
        return { traceparent: recorded(), rename: () => {}, set: () => {}, end: () => {} };
      },
    });
  });
  afterEach(() => useTracer(null));

  it("makes spans within a recorded trace, each within the one that its code runs in", async () => {
    const parent = recorded();
    const span = startSpan({ name: "request", parent })!;
    await within(span, () => inSpan({ name: "query" }, async () => {}));
    expect(made.map(({ name, parent }) => [name, parent])).to.deep.equal([
      ["request", parent],
      ["query", span.traceparent],
    ]);
  });

  it("makes none within a trace that is not recorded, and hands its traceparent on as it came", async () => {
    const parent = newTraceparent();
    const span = startSpan({ name: "request", parent });
    const seen = await within(span, () => inSpan({ name: "query" }, async () => activeTraceparent()));
    expect(seen).to.equal(parent);
    expect(made).to.deep.equal([]);
  });

  it("leaves it to the SDK whether a trace that begins here is recorded", () => {
    startSpan({ name: "request", parent: null });
    expect(made.map(({ parent }) => parent)).to.deep.equal([null]);
  });

  it("does nothing while it is off", async () => {
    useTracer(null);
    expect(startSpan({ name: "request", parent: recorded() })).to.equal(null);
    expect(await within(null, () => inSpan({ name: "query" }, async () => activeTraceparent()))).to.equal(
      null,
    );
    expect(made).to.deep.equal([]);
  });
});
