const { reporters, Runner } = require("mocha");

/**
 * Mocha's spec reporter, with a last line that counts and holds nothing else: "N passed, N failed". A run
 * that ends before its tests have, as when nothing is left to wait for, fails; by itself it would end with 0.
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
    if (pending > 0) console.log(`${pending} skipped`);
    console.log(`${passes} passed, ${failures} failed`);
  }
};
