import { expect } from "chai";
import { check } from "./check/checker.ts";
import type { History } from "./check/history.ts";
import { OPERATIONS } from "./check/operations.ts";
import { SABOTAGES } from "./check/sabotage.ts";
import { shrink } from "./check/shrink.ts";
import { seeded } from "./random.ts";
import { type Run, runChaos } from "./run.ts";
import { openStage } from "./stage.ts";
import { story, summaryOf, violationText } from "./summary.ts";

/* A minute of what `make chaos` does for longer, and the proof that its checker would have seen a bug. */

const SECONDS = 60;

describe("A minute of chaos", function () {
  this.timeout(300_000);
  let run: Run;
  const said: string[] = [];
  before(async function () {
    // Longer than all its waits on a busy machine, where servers and processes take minutes to start: what
    // does not come about is then named by the wait for it.
    this.timeout(900_000);
    const seed = Number(process.env.SEED || Math.floor(Math.random() * 1_000_000));
    console.log(`    SEED=${seed}`);
    const say = (line: string) => said.push(`    ${new Date().toISOString()} ${line}`);
    run = await runChaos(await openStage(), { seed, seconds: SECONDS, say });
    for (const line of summaryOf(run)) console.log(`    ${line}`);
  });

  after("tells how far a run came that did not end", () => {
    if (run === undefined) console.log(said.join("\n"));
  });

  it("loses nothing, invents nothing, repeats only by id and keeps the order of every cart", () => {
    const violations = check(run.history);
    const [first] = violations;
    const tale = first ? `\nSEED=${run.seed}\n${story(shrink(run.history, first)).join("\n")}` : "";
    expect(violations.map(violationText), tale).to.deep.equal([]);
  });
  it("has had something to do: every operation was done, and faults came in", () => {
    const done = run.history.attempts.filter(({ outcome }) => outcome.kind === "done");
    expect(new Set(done.map(({ operation }) => operation))).to.have.all.keys(
      ...OPERATIONS.map(({ name }) => name),
    );
    const journeys = run.history.journeys.filter(({ outcome }) => outcome.kind === "done");
    expect(new Set(journeys.map(({ operation, strategy }) => strategy ?? operation))).to.have.all.keys(
      ...["sum", "max", "keep-user", "keep-guest", "checkout", "cancel", "pay", "fulfil"],
    );
    const byGuests = journeys.filter(
      ({ operation, owner }) => operation === "checkout" && owner.startsWith("guest:"),
    );
    expect(byGuests, "checkouts of guests").not.to.deep.equal([]);
    const codes = [...run.history.attempts, ...run.history.journeys].flatMap(({ outcome }) =>
      outcome.kind === "refused" ? [outcome.code] : [],
    );
    expect(codes).to.include.members(["PRICE_CHANGED", "OUT_OF_STOCK", "IDEMPOTENCY_KEY_REUSED"]);
    const types = new Set(run.history.arrivals.map(({ type }) => type));
    expect(types).to.include.all.keys("cart.expiring", "cart.expired", "cart.merged", "cart.cleared");
    const answers = run.history.reads.flatMap(({ answer }) =>
      "status" in answer ? [`${answer.status}`] : [],
    );
    expect(new Set(answers)).to.include.all.keys("200", "304", "404");
    const kept = run.history.sessions.filter(({ outcome }) => outcome.kind === "done");
    expect(new Set(kept.map(({ operation }) => operation))).to.have.all.keys("open", "refresh", "revoke");
    expect(run.history.faults).not.to.deep.equal([]);
  });
  for (const [name, { does, rule, falsify }] of Object.entries(SABOTAGES))
    it(`would have caught a platform that ${does}, and cut it out (${name})`, () => {
      const history = falsify(run.history, seeded(run.seed));
      const found = check(history).find((violation) => violation.rule === rule);
      if (!found) throw new Error(`the checker saw no ${rule}`);
      const cut = shrink(history, found);
      expect(check(cut)).to.deep.include(found);
      expect(sizeOf(cut)).to.be.lessThan(sizeOf(history) / 10);
    });
});

const sizeOf = ({ attempts, journeys, arrivals, orderArrivals, reads, versions, sessions }: History) =>
  [attempts, journeys, arrivals, orderArrivals, reads, versions, sessions].flat().length;
