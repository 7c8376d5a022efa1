import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { eventually } from "../eventually.ts";
import {
  endProcess,
  identify,
  NOT_STARTED,
  type ProcessId,
  send,
  spawnLogged,
  startTimeIn,
  stillRuns,
  waitUntil,
} from "./child.ts";

describe("A process that we started", () => {
  let dir: string;
  let sleeper: ProcessId;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "cartwright-child-"));
    sleeper = spawnLogged("sleep", ["60"], { logFile: join(dir, "log") });
  });
  afterEach(async () => {
    await endProcess(sleeper, "SIGKILL");
    rmSync(dir, { recursive: true });
  });

  it("is ended by a signal, and then no longer runs", async () => {
    expect(stillRuns(sleeper)).to.equal(true);
    await endProcess(sleeper, "SIGTERM");
    expect(stillRuns(sleeper)).to.equal(false);
  });

  it("is never mistaken for a later process that got its pid", async () => {
    const former = { pid: sleeper.pid, startTime: "1" };
    expect(stillRuns(former)).to.equal(false);
    send(former, "SIGKILL");
    send(former, "SIGKILL", "group");
    await endProcess(former, "SIGKILL");
    expect(stillRuns(sleeper)).to.equal(true);
  });

  it("runs until its last thread has ended, as it has its ports so long", () => {
    const stat = (state: string, threads: number) =>
      `7 (a name) with) ${state} 1 7 7 0 -1 4 0 0 0 0 0 0 0 0 20 0 ${threads} 0 4711 0 0`;
    expect(startTimeIn(stat("S", 1))).to.equal("4711");
    expect(startTimeIn(stat("Z", 3))).to.equal("4711");
    expect(startTimeIn(stat("Z", 1))).to.equal(null);
    expect(startTimeIn(readFileSync("/proc/self/stat", "utf8"))).to.equal(identify(process.pid).startTime);
  });

  it("is not our own process group when it was never started", () => {
    send(NOT_STARTED, "SIGKILL");
    send(NOT_STARTED, "SIGKILL", "group");
    expect(stillRuns(NOT_STARTED)).to.equal(false);
  });

  it("gets SIGKILL when it ignores the signal until the deadline", async () => {
    const stubborn = spawnLogged("sh", ["-c", "trap '' TERM; while :; do sleep 0.05; done"], {
      logFile: join(dir, "stubborn"),
    });
    await endProcess(stubborn, "SIGTERM", 200);
    expect(stillRuns(stubborn)).to.equal(false);
  });

  it("takes what it has launched with it when it gets SIGKILL", async () => {
    const logFile = join(dir, "launcher");
    const launcher = spawnLogged("sh", ["-c", "trap '' TERM; sleep 60 & echo $!; wait"], { logFile });
    const pid = await eventually("it has launched", () => Number(readFileSync(logFile, "utf8")) || null);
    const launched = identify(pid);
    expect(stillRuns(launched)).to.equal(true);
    await endProcess(launcher, "SIGTERM", 100);
    await eventually("both are gone", () => !stillRuns(launcher) && !stillRuns(launched));
  });

  it("is told to whoever asked, before it can fail to become ready", () => {
    const heard: ProcessId[] = [];
    const spawned = spawnLogged("true", [], {
      logFile: join(dir, "true"),
      onSpawn: (started) => heard.push(started),
    });
    expect(heard.map(({ pid }) => pid)).to.deep.equal([spawned.pid]);
  });

  it("that dies while starting is reported with the end of its log", async () => {
    const logFile = join(dir, "dying");
    const server = spawnLogged("sh", ["-c", "echo the disk is full; exit 1"], { logFile });
    const error = await failureOf(
      waitUntil("the server", () => Promise.reject(new Error("no")), {
        timeoutMs: 10_000,
        process: server,
        logFile,
      }),
    );
    expect(error.message).to.match(/the server died while starting.*the disk is full/s);
  });

  it("that does not become ready in time is ended with its whole group", async () => {
    const logFile = join(dir, "slow");
    const server = spawnLogged("sh", ["-c", "sleep 60 & echo $!; wait"], { logFile });
    const error = await failureOf(
      waitUntil("the server", () => Promise.reject(new Error("no")), {
        timeoutMs: 200,
        process: server,
        logFile,
      }),
    );
    expect(error.message).to.contain("did not become ready in time");
    const child = identify(Number(error.message.trim().split("\n").at(-1)));
    await eventually("both are gone", () => !stillRuns(server) && !stillRuns(child));
  });
});

async function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => expect.fail("it did not fail"),
    (error: Error) => error,
  );
}
