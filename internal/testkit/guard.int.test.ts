import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { eventually } from "./eventually.ts";

/* A test run of its own is started here, and ended in the ways in which a test run can end. */

const RUN = `
  import "${new URL("./mocha-setup.ts", import.meta.url)}";
  import { ownPostgres, ownRabbit, ownRedis } from "${new URL("./servers/test-servers.ts", import.meta.url)}";
  await Promise.all([ownRedis(), ownPostgres()]);
  process.stdout.write("running\\n");
  await ownRabbit();
  setInterval(() => {}, 1000);
`;

describe("A test run that does not end as it should", function () {
  this.timeout(60_000);
  let dir: string;
  let run: ChildProcess;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), "cartwright-run-"));
    // PostgreSQL's user must be able to go there.
    chmodSync(dir, 0o711);
    run = spawn(process.execPath, ["--input-type=module", "-e", RUN], {
      env: { ...process.env, TMPDIR: dir },
      stdio: ["ignore", "pipe", "ignore"], // it complains of being interrupted
    });
    await once(run.stdout!, "data");
  });
  afterEach(async () => {
    run.kill("SIGKILL");
    await eventually("nothing is left", () => leftovers(dir).length === 0);
    rmSync(dir, { recursive: true, force: true });
  });

  for (const signal of ["SIGKILL", "SIGINT", "SIGTERM"] as const) {
    it(`leaves no server and no directory behind: ${signal} while a broker starts`, async () => {
      await eventually("the broker's port mapper runs", () =>
        leftovers(dir).some((command) => command.includes("epmd")),
      );
      expect(leftovers(dir).some((command) => command.includes("redis-server"))).to.equal(true);
      run.kill(signal);
      await eventually("every process is gone", () => leftovers(dir).length === 0, { timeoutMs: 20_000 });
      await eventually("every directory is gone", () => readdirSync(dir).length === 0);
    });
  }
});

describe("A test run that is interrupted", () => {
  it("ends with 128 and the signal's number, as a shell expects", async () => {
    const script = `
      import "${new URL("./mocha-setup.ts", import.meta.url)}";
      setInterval(() => {}, 1000);
      process.stdout.write("running\\n");`;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      const run = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "pipe" });
      await once(run.stdout, "data");
      run.kill(signal);
      expect((await once(run, "exit"))[0]).to.equal(128 + constants.signals[signal]);
    }
  });
});

/**
 * The command lines of the processes that work in `dir` or were told of it; Redis overwrites its environment.
 */
function leftovers(dir: string): string[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        const about =
          command + readlinkSync(`/proc/${pid}/cwd`) + readFileSync(`/proc/${pid}/environ`, "utf8");
        return about.includes(dir) && command !== "" ? [command] : [];
      } catch {
        return [];
      }
    });
}
