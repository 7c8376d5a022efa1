import { expect } from "chai";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { createOutageLog } from "./outage-log.ts";

describe("An outage in the log", () => {
  it("is a line when it begins and one when it is over, each time", () => {
    const { log, lines } = recordingLogger();
    const outage = createOutageLog(log, { began: "away", ended: "back", level: "error" });
    outage.over();
    expect(outage.lasts).to.equal(false);
    for (const n of [1, 2]) {
      outage.met({ n, try: 1 });
      outage.met({ n, try: 2 });
      expect(outage.lasts).to.equal(true);
      outage.over();
      outage.over();
    }
    expect(lines.map(({ level, msg, n, try: nth }) => [level, msg, n, nth])).to.deep.equal([
      ["error", "away", 1, 1],
      ["info", "back", undefined, undefined],
      ["error", "away", 2, 1],
      ["info", "back", undefined, undefined],
    ]);
  });
});
