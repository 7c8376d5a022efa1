const { reporters, Runner } = require("mocha");

/** Of an error and what caused it, so many characters. */
const MOST_SAID = 300;

/**
 * Mocha's spec reporter, whose last lines name each failure and then count: the last one holds nothing but
 * "N passed, N failed". Of a long log often only the end is kept. A run that ends before its tests have, as
 * when nothing is left to wait for, fails; by itself it would end with 0.
 */
module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    let ended = false;
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      ended = true;
    });
    process.once("exit", () => {
      if (ended) return;
      console.error("the run ended before its tests had");
      process.exitCode ||= 1;
    });
  }

  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    for (const test of this.failures) console.log(`failed: ${test.fullTitle()}: ${said(test.err)}`);
    if (pending > 0) console.log(`${pending} skipped`);
    console.log(`${passes} passed, ${failures} failed`);
  }
};

/** What an error says, its causes' words after its own, on one line. */
function said(error) {
  const words = [];
  for (let each = error; each; each = each.cause) words.push(`${each.message ?? each}`.replace(/\s+/g, " "));
  return words.join(" <- ").slice(0, MOST_SAID);
}
