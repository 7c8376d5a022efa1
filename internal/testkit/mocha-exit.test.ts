import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

describe("A test run", () => {
  it("ends with what failed and the number of failures though a failing test has left a server open", function () {
    this.timeout(60_000);
    const root = fileURLToPath(new URL("../../", import.meta.url));
    const folder = mkdtempSync(join(tmpdir(), "cartwright-mocha-"));
    try {
      const file = join(folder, "left-open.test.ts");
      const text = `import { createServer } from "node:http";
        it("fails", () => { createServer().listen(0, "127.0.0.1"); throw new Error("on\\npurpose", { cause: new Error("why") }); });`;
      writeFileSync(file, text);
      const mocha = join(root, "node_modules/mocha/bin/mocha.js");
      const run = spawnSync(process.execPath, [mocha, file], {
        cwd: root,
        encoding: "utf8",
        timeout: 30_000,
        killSignal: "SIGKILL",
      });
      expect(run.signal, "not ended by us").to.equal(null);
      expect(run.status).to.equal(1);
      expect(run.stdout).to.match(/\nfailed: fails: on purpose <- why\n0 passed, 1 failed\n$/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
