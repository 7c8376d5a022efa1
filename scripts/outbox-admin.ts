import { spawnSync } from "node:child_process";
import { endOnBrokenPipe } from "../internal/platform/lifecycle/broken-pipe.ts";
import { readState, runningOf } from "../internal/testkit/local/state.ts";
import { fail } from "../internal/testkit/local/steps.ts";
import { mainOf } from "../internal/testkit/processes/processes.ts";

/* `make dead`, `make replay`: cmd/outbox-admin on the database of the running platform. */

endOnBrokenPipe();
const state = readState();
const { databaseUrl } = state;
if (databaseUrl === undefined || !(databaseUrl.startsWith("sqlserver://") || runningOf(state, "postgres"))) {
  fail("Nothing runs; start it with: make up");
}
const [command = "list"] = process.argv.slice(2);
const ids = command === "replay" ? (process.env.ID ?? "").split(/\s+/).filter((id) => id !== "") : [];
if (command === "replay" && ids.length === 0) fail("Say which: make replay ID=<id> or ID=all");
const { status } = spawnSync(process.execPath, [mainOf("outbox-admin"), command, ...ids], {
  stdio: "inherit",
  env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl },
});
if (command === "list" && status === 0)
  console.log("make replay ID=<id> or ID=all makes dead events pending");
process.exit(status ?? 1);
