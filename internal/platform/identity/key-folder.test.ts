import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { readKeyFolder, watchKeyFolder } from "./key-folder.ts";
import { signingKey } from "./key-ring.ts";

const [A, B, C] = ["a", "b", "c"].map((letter) => letter.repeat(40)) as [string, string, string];

describe("A folder of keys", () => {
  let dir: string;
  let edition = 0;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "cartwright-keys-"));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  /** Changes the folder as the kubelet does: the files lie behind a link that is replaced at once. */
  function mount(files: Record<string, string>): void {
    const version = `..version-${++edition}`;
    mkdirSync(join(dir, version));
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(dir, version, name), text);
      rmSync(join(dir, name), { force: true });
      symlinkSync(join("..data", name), join(dir, name));
    }
    symlinkSync(version, join(dir, "..data_tmp"));
    renameSync(join(dir, "..data_tmp"), join(dir, "..data"));
  }

  it("holds the key that signs, and the other one that is accepted", () => {
    mount({ current: `${A}\n`, previous: B });
    expect(readKeyFolder(dir)).to.deep.equal([A, B]);
    mount({ current: A, previous: A });
    expect(readKeyFolder(dir)).to.deep.equal([A]);
  });

  it("may do without a previous key", () => {
    writeFileSync(join(dir, "current"), A);
    expect(readKeyFolder(dir)).to.deep.equal([A]);
  });

  it("is refused in a sentence that names the file, and never the secret", () => {
    expect(() => readKeyFolder(dir)).to.throw(`${dir}/current is missing`);
    writeFileSync(join(dir, "current"), "too short");
    expect(() => readKeyFolder(dir))
      .to.throw("must hold a secret of 32 to 4096 bytes")
      .and.not.match(/too short/);
    mount({ current: A, previous: "x".repeat(4_097) });
    expect(() => readKeyFolder(dir)).to.throw(`${dir}/previous must hold`);
    rmSync(join(dir, "current"));
    mkdirSync(join(dir, "current"));
    expect(() => readKeyFolder(dir)).to.throw("current cannot be read: EISDIR");
  });

  it("is followed while it changes, each change being an edition", async () => {
    mount({ current: A });
    const { log, lines } = recordingLogger();
    const ring = watchKeyFolder({ dir, log, intervalMs: 5 });
    try {
      expect([ring.current().id, ring.edition()]).to.deep.equal([signingKey(A).id, 0]);
      mount({ current: A, previous: B });
      await eventually("the next key is accepted", () => ring.candidates(signingKey(B).id).length === 1);
      expect(ring.current().id).to.equal(signingKey(A).id);
      mount({ current: B, previous: A });
      await eventually("the next key signs", () => ring.current().id === signingKey(B).id);
      expect(ring.candidates(undefined)).to.have.length(2);
      expect(ring.candidates(signingKey(C).id)).to.deep.equal([]);
      expect(ring.edition()).to.equal(2);
      expect(JSON.stringify(lines)).not.to.include(A).and.not.include(B);
    } finally {
      ring.close();
    }
  });

  it("that cannot be read leaves the keys as they are, which is logged once", async () => {
    mount({ current: A });
    const { log, lines } = recordingLogger();
    const ring = watchKeyFolder({ dir, log, intervalMs: 5 });
    try {
      mount({ current: "nothing" });
      await eventually("it is logged", () => lines.some(({ level }) => level === "error"));
      expect(ring.current().id).to.equal(signingKey(A).id);
      mount({ current: C, previous: A });
      await eventually("the new key signs", () => ring.current().id === signingKey(C).id);
      expect(lines.filter(({ level }) => level === "error")).to.have.length(1);
    } finally {
      ring.close();
    }
  });
});
