import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

describe("The lifecycle of a process", () => {
  const here = fileURLToPath(new URL(".", import.meta.url));

  /**
   * Runs `body` in a process of its own: signals and exits are real there.
   * `signals` are sent one by one, each when its word is printed.
   */
  async function run(body: string, signals: [string, NodeJS.Signals][] = []) {
    const script = `
      import { createLifecycle } from ${JSON.stringify(`${here}lifecycle.ts`)};
      import { createLogger } from ${JSON.stringify(`${here}../logger/logger.ts`)};
      import { setTimeout as delay } from "node:timers/promises";
      import { writeSync } from "node:fs";
      const say = (word: string) => writeSync(1, word + "\\n");
      const start = (delayMs = 0, deadlineMs = 5_000) =>
        createLifecycle({ log: createLogger("test", "info"), delayMs, deadlineMs });
      const forever = setInterval(() => {}, 1_000);
      ${body}`;
    const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const waiting = [...signals];
    const hear = (data: unknown) => {
      output += data;
      while (waiting[0] && output.split("\n").includes(waiting[0][0])) child.kill(waiting.shift()![1]);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    const [code, signal] = await once(child, "close");
    const lines = output.trim().split("\n");
    const words = lines.filter((line) => !line.startsWith("{"));
    const logged = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
    return { code, signal, words, logged, output };
  }

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`at ${signal} closes everything in reverse order, one after the other, and exits with 0`, async () => {
      const { code, words } = await run(
        `const lifecycle = start();
        lifecycle.onStop("first", () => say("first"));
        lifecycle.onStop("second", async () => { await delay(50); say("second"); });
        lifecycle.onStop("third", () => say("third"));
        lifecycle.ready();
        say("up");`,
        [["up", signal]],
      );
      expect(words).to.deep.equal(["up", "third", "second", "first"]);
      expect(code).to.equal(0);
    });
  }

  it("is ready between start and stop, and while its checks pass", async () => {
    const { words } = await run(
      `const lifecycle = start();
      const tell = async () => say(JSON.stringify(await lifecycle.notReady()));
      let broken = true;
      lifecycle.addCheck("store", async () => { if (broken) throw new Error("redis://me:hunter2@h is gone"); });
      lifecycle.addCheck("other", async () => {});
      await tell();
      lifecycle.ready();
      await tell();
      broken = false;
      await tell();
      lifecycle.onStop("x", tell);
      await lifecycle.stop("test");`,
    );
    expect(words).to.deep.equal([
      '["starting"]',
      '["store: redis://[redacted]@h is gone"]',
      "[]",
      '["stopping"]',
    ]);
  });

  it("is not ready for the delay before it closes anything", async () => {
    const { words } = await run(
      `const lifecycle = start(200);
      let stopped = 0;
      lifecycle.onStop("x", () => say(Date.now() - stopped >= 195 ? "late enough" : "too early"));
      lifecycle.ready();
      stopped = Date.now();
      void lifecycle.stop("test");
      say(JSON.stringify(await lifecycle.notReady()));`,
    );
    expect(words).to.deep.equal(['["stopping"]', "late enough"]);
  });

  it("tells who asked for it that it stops, at once and before the delay", async () => {
    const { words } = await run(
      `const lifecycle = start(200);
      lifecycle.onStop("x", () => say("closed"));
      lifecycle.onStopping(() => say("told"));
      lifecycle.ready();
      setTimeout(() => say("meanwhile"), 50);
      await lifecycle.stop("test");`,
    );
    expect(words).to.deep.equal(["told", "meanwhile", "closed"]);
  });

  it("closes the rest when one part fails, logs that once, and exits with 1", async () => {
    const { code, words, logged } = await run(
      `const lifecycle = start();
      lifecycle.onStop("first", () => say("first"));
      lifecycle.onStop("second", () => { throw new Error("stuck"); });
      await lifecycle.stop("test");`,
    );
    expect(words).to.deep.equal(["first"]);
    expect(code).to.equal(1);
    const failures = logged.filter(({ level }) => level === "error");
    expect(failures.map(({ part, err }) => [part, err.message])).to.deep.equal([["second", "stuck"]]);
  });

  it("exits with 1 at the deadline, whatever hangs", async () => {
    const { code, output } = await run(
      `const lifecycle = start(0, 100);
      lifecycle.onStop("hangs", () => new Promise(() => {}));
      await lifecycle.stop("test");`,
    );
    expect(code).to.equal(1);
    expect(output).to.include("shutdown deadline passed");
  });

  it("exits with 1 at once at a second signal", async () => {
    const { code, words } = await run(
      `const lifecycle = start(0, 60_000);
      lifecycle.onStop("hangs", () => { say("hanging"); return new Promise(() => {}); });
      say("up");`,
      [
        ["up", "SIGTERM"],
        ["hanging", "SIGTERM"],
      ],
    );
    expect([code, words]).to.deep.equal([1, ["up", "hanging"]]);
  });

  it("stops once, however often it is asked to", async () => {
    const { code, words } = await run(
      `const lifecycle = start();
      lifecycle.onStop("x", () => say("closed"));
      await Promise.all([lifecycle.stop("one"), lifecycle.stop("two")]);`,
    );
    expect([code, words]).to.deep.equal([0, ["closed"]]);
  });

  for (const [what, how] of [
    ["an exception that nobody catches", `setTimeout(() => { throw new Error("a bug"); }, 1);`],
    ["a rejection that nobody handles", `void Promise.reject(new Error("a bug"));`],
  ] as const) {
    it(`ends by the same path with 1 after ${what}, logged once`, async () => {
      const { code, words, logged } = await run(
        `const lifecycle = start();
        lifecycle.onStop("x", () => say("closed"));
        lifecycle.ready();
        ${how}`,
      );
      expect([code, words]).to.deep.equal([1, ["closed"]]);
      const fatal = logged.filter(({ level }) => level === "fatal");
      expect(fatal.map(({ err }) => err.message)).to.deep.equal(["a bug"]);
    });
  }
});
