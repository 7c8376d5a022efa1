import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { eventually } from "../eventually.ts";
import { endProcess, type ProcessId, spawnLogged, stillRuns } from "../servers/child.ts";
import { tempDir } from "../servers/test-servers.ts";
import { keepLogs } from "./log-keeper.ts";

describe("The logs of make up", () => {
  const processes: ProcessId[] = [];
  afterEach(() => Promise.all(processes.map((each) => endProcess(each, "SIGKILL"))));

  it("are bounded while their writers run, which need not know, and keep what came last", async () => {
    const dir = tempDir("log keeper");
    const [logFile, before] = [join(dir, "noisy.log"), join(dir, "noisy.log.1")];
    const quiet = join(dir, "quiet.log");
    writeFileSync(quiet, "a line\n");
    const shout = "while :; do head -c 20000 /dev/zero | tr '\\0' x; sleep 0.05; done";
    processes.push(spawnLogged("sh", ["-c", shout], { logFile }));
    await eventually("it is too long", () => statSync(logFile).size > 300_000);
    processes.push(keepLogs([dir], 100_000, 1));
    await eventually("it was cut", () => statSync(before).size === 100_000);
    const first = statSync(before).mtimeMs;
    await eventually("it is cut again", () => statSync(before).mtimeMs > first);
    await eventually("it goes on from its start", () => statSync(logFile).size < 100_000);
    expect(statSync(before).mode & 0o077).to.equal(0);
    expect(readFileSync(quiet, "utf8")).to.equal("a line\n");
  });

  it("need no keeper once their folders are gone", async () => {
    const dir = tempDir("log keeper");
    const keeper = keepLogs([dir], 100_000, 1);
    processes.push(keeper);
    rmSync(dir, { recursive: true });
    await eventually("it has ended", () => !stillRuns(keeper));
  });
});
