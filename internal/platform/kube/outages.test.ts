import { expect } from "chai";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { errorOf } from "./kube-error.ts";
import { trackOutages } from "./outages.ts";

describe("Outages of the API server", () => {
  it("are told once for all who wait, and once when they are over", () => {
    const { log, lines } = recordingLogger();
    const outages = trackOutages(log);
    for (const source of ["pods", "jobs", "pods", "lease"])
      outages.failed(source, new TypeError("fetch failed"));
    for (const source of ["pods", "jobs", "lease", "jobs"]) outages.answered(source);
    expect(lines.map(({ level, source }) => [level, source])).to.deep.equal([
      ["warn", "pods"],
      ["info", undefined],
    ]);
  });

  it("are told again for another cause, and after their end", () => {
    const { log, lines } = recordingLogger();
    const outages = trackOutages(log);
    outages.failed("pods", errorOf(403, "{}", null));
    outages.failed("jobs", errorOf(503, "{}", null));
    outages.answered("pods");
    outages.failed("pods", errorOf(403, "{}", null));
    expect(lines.map(({ source }) => source)).to.deep.equal(["pods", "jobs", "pods"]);
  });
});

describe("An error of the API server", () => {
  it("has the server's reason and the pause that it asks for, a minute at most", () => {
    const status = JSON.stringify({ kind: "Status", reason: "TooManyRequests", message: "slow down" });
    expect(errorOf(429, status, "3")).to.include({
      code: 429,
      reason: "TooManyRequests",
      retryAfterMs: 3_000,
    });
    expect(errorOf(429, status, "86400").retryAfterMs).to.equal(60_000);
    expect(errorOf(502, "<html>bad gateway", "Wed, 25 Nov 2026 12:00:00 GMT")).to.include({
      message: "<html>bad gateway",
      retryAfterMs: 0,
    });
  });
});
