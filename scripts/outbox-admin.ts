import { spawnSync } from "node:child_process";
import { mainOf } from "./stack/processes.ts";
import { readState } from "./stack/state.ts";
import { fail } from "./stack/steps.ts";

/* `make dead`, `make replay`: cmd/outbox-admin on the database of the running platform. */

const { databaseUrl } = readState();
if (databaseUrl === undefined) fail("Nothing runs; start it with: make up");
const { status } = spawnSync(process.execPath, [mainOf("outbox-admin"), ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl },
});
process.exit(status ?? 1);
