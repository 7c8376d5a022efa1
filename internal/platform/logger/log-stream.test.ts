import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";

/* Real processes: what a closed or a full pipe does to one shows nowhere else. */

describe("A process and the reader of its log", () => {
  let child: ChildProcess;
  let said: string;
  afterEach(() => child.kill("SIGKILL"));

  /** A process that logs so many lines of 1 kB at SIGUSR2, and stops by the lifecycle. */
  async function start(lines: number): Promise<void> {
    const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
    const script = `
      import { createLogger } from ${module("./logger.ts")};
      import { createLifecycle } from ${module("../lifecycle/lifecycle.ts")};
      const log = createLogger("test", "info");
      const lifecycle = createLifecycle({ log, delayMs: 0, deadlineMs: 10_000 });
      process.on("SIGUSR2", () => {
        for (let n = 0; n < ${lines}; n++) log.info({ n, text: "x".repeat(1_000) }, "a line");
        process.stderr.write("logged\\n");
      });
      setInterval(() => {}, 1_000);
      process.stderr.write("up\\n");`;
    child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], { stdio: "pipe" });
    said = "";
    child.stderr!.on("data", (data) => (said += data));
    await eventually("it is up", () => said.includes("up\n"));
  }

  async function logIt(): Promise<void> {
    child.kill("SIGUSR2");
    await eventually("it has logged", () => said.includes("logged\n"));
  }

  async function stop(): Promise<void> {
    child.kill("SIGTERM");
    expect(await once(child, "exit")).to.deep.equal([0, null]);
    expect(said).to.equal("up\nlogged\n");
  }

  it("goes on when the reader is gone, and ends at SIGTERM with 0", async () => {
    await start(3);
    child.stdout!.destroy();
    await logIt();
    await stop();
  });

  it("ends with 0 though the reader goes in the moment of its last lines", async () => {
    await start(0);
    await logIt();
    child.stdout!.destroy();
    await stop();
  });

  it("is not held up by a reader that does not read, nor at its end", async () => {
    await start(5_000);
    await logIt();
    await stop();
  });

  it("leaves out what nobody reads beyond a bound, and says how much once it is read again", async () => {
    await start(5_000);
    await logIt();
    const lines: Record<string, unknown>[] = [];
    createInterface(child.stdout!).on("line", (line) => lines.push(JSON.parse(line)));
    await eventually("what had waited is read", () => lines.length > 1_000);
    let note: Record<string, unknown> | undefined;
    await eventually("the note", () => {
      child.kill("SIGUSR2");
      note = lines.find(({ leftOut }) => leftOut !== undefined);
      return note;
    });
    const at = lines.indexOf(note!);
    expect(lines.slice(0, at).map(({ n }) => n)).to.deep.equal(Array.from({ length: at }, (_, n) => n));
    expect(note).to.include({ level: "warn", leftOut: 5_000 - at });
  });
});
