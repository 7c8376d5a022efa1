import { endWatchedAtSignals } from "./guard.ts";
import { noteFailure, stopServers } from "./servers/test-servers.ts";

/** Mocha runs this once after all tests. What a worker of `--parallel` started, the guard ends. */
export async function mochaGlobalTeardown(): Promise<void> {
  await stopServers();
}

export const mochaHooks = {
  afterEach(this: Mocha.Context): void {
    if (this.currentTest?.state === "failed") noteFailure();
  },
};

endWatchedAtSignals();
