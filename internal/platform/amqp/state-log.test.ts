import { expect } from "chai";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { createLineBudget } from "../logger/line-budget.ts";
import type { OpenLink } from "./open-link.ts";
import { lost } from "./outcome.ts";
import { WRONG_VHOST } from "./set-up-faults.ts";
import { createStateLog } from "./state-log.ts";

const LINK = { broker: "RabbitMQ 4.0.5", addressVersion: "v2" } as OpenLink;
const NODE = { host: "broker", port: 5672 };

describe("The log of a connection's state", () => {
  it("says a lasting reason once until it is over", () => {
    const { log, lines } = recordingLogger();
    const state = createStateLog(log, "x");
    for (let i = 0; i < 5; i++) state.down(lost("gone"));
    state.up(LINK, NODE);
    state.down(lost("gone"));
    expect(lines.map(({ level }) => level)).to.deep.equal(["warn", "info", "warn"]);
  });

  it("is bounded when every reason is another, or the connection comes and goes", () => {
    const { log, lines } = recordingLogger();
    let now = 0;
    const state = createStateLog(log, "x", createLineBudget({ burst: 10, everyMs: 1_000, now: () => now }));
    for (let i = 0; i < 1_000; i++) state.down(lost(`connection <0.${i}.0> ended`));
    for (let i = 0; i < 1_000; i++) {
      state.up(LINK, NODE);
      state.down(lost("gone"));
    }
    expect(lines).to.have.length(10);
    now = 1_000;
    state.up(LINK, NODE);
    expect(lines[10]).to.include({ level: "info", leftOut: 2_990 });
  });

  it("says a reason that lasts as soon as lines are allowed again", () => {
    const { log, lines } = recordingLogger();
    let now = 0;
    const state = createStateLog(log, "x", createLineBudget({ burst: 1, everyMs: 1_000, now: () => now }));
    state.down(lost("gone"));
    state.down(WRONG_VHOST);
    now = 1_000;
    for (let i = 0; i < 5; i++) state.down(WRONG_VHOST);
    expect(lines.map(({ level, reason }) => [level, reason])).to.deep.equal([
      ["warn", "gone"],
      ["error", WRONG_VHOST.reason],
    ]);
  });

  it("passes on no more of a reason than a line holds", () => {
    expect(lost("x".repeat(10_000)).reason).to.have.length(300);
  });
});
