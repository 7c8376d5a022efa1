import { spawn } from "node:child_process";
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
const child = spawn(process.execPath, [mainOf("outbox-admin"), command, ...ids], {
  stdio: ["ignore", "pipe", "inherit"],
  env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl },
});
let last = "";
child.stdout.on("data", (chunk: Buffer) => {
  last = (last + chunk.toString()).slice(-100);
});
child.stdout.pipe(process.stdout, { end: false });
child.on("close", (status) => {
  const some = / dead; replay with: .*\n$/.test(last);
  if (command === "list" && some) console.log("make replay ID=<id> or ID=all makes dead events pending");
  process.exitCode = status ?? 1;
});
