import { spawnSync } from "node:child_process";
import { endOnBrokenPipe } from "../internal/platform/lifecycle/broken-pipe.ts";
import { readState } from "../internal/testkit/local/state.ts";
import { fail } from "../internal/testkit/local/steps.ts";

/* `make logs`: follows the logs of everything that `make up` has started. */

endOnBrokenPipe();
const files = readState().started.map((each) => each.logFile);
if (files.length === 0) fail("Nothing runs; start it with: make up");
process.once("SIGINT", () => {}); // ends tail; we end with it
spawnSync("tail", ["-n", "20", "-F", ...files], { stdio: "inherit" });
