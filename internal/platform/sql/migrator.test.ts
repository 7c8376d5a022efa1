import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { type Migration, type MigrationTarget, migrate, readMigrations } from "./migrator.ts";

const migration = (name: string, checksum = name): Migration => ({ name, sql: "", checksum });

function memoryTarget(applied: Record<string, string> = {}, failing?: string) {
  const calls: string[] = [];
  const target: MigrationTarget = {
    lock: async () => void calls.push("lock"),
    applied: async () => new Map(Object.entries(applied)),
    apply: async ({ name }) => {
      if (name === failing) throw new Error("syntax error");
      calls.push(name);
    },
    grant: async () => {},
    close: async () => {},
  };
  return { target, calls };
}

const fault = (work: Promise<unknown>) =>
  work.then(
    () => "none",
    (error: Error) => error.message,
  );

describe("migrating", () => {
  it("takes the lock, then applies what is pending in order", async () => {
    const { target, calls } = memoryTarget({ a: "a" });
    expect(await migrate(target, [migration("a"), migration("b"), migration("c")])).to.deep.equal(["b", "c"]);
    expect(calls).to.deep.equal(["lock", "b", "c"]);
  });

  it("changes nothing when an applied migration was edited, or is of a newer version", async () => {
    const edited = memoryTarget({ a: "other" });
    expect(await fault(migrate(edited.target, [migration("a"), migration("b")]))).to.match(
      /a was edited after/,
    );
    const newer = memoryTarget({ a: "a", z: "z" });
    expect(await fault(migrate(newer.target, [migration("a"), migration("b")]))).to.match(/z.*it is newer/);
    expect([edited.calls, newer.calls]).to.deep.equal([["lock"], ["lock"]]);
  });

  it("stops at the first that fails, and says which", async () => {
    const { target, calls } = memoryTarget({}, "b");
    const said = await fault(migrate(target, [migration("a"), migration("b"), migration("c")]));
    expect(said).to.equal("migration b failed: syntax error");
    expect(calls).to.deep.equal(["lock", "a"]);
  });

  it("reads the numbered files of a directory in order, and refuses any other .sql", () => {
    const dir = mkdtempSync(join(tmpdir(), "migrations-"));
    try {
      for (const name of ["0002_b.sql", "0001_a.sql", "notes.md"]) writeFileSync(join(dir, name), name);
      const read = readMigrations(pathToFileURL(`${dir}/`));
      expect(read.map(({ name, sql }) => [name, sql])).to.deep.equal([
        ["0001_a.sql", "0001_a.sql"],
        ["0002_b.sql", "0002_b.sql"],
      ]);
      expect(read[0]!.checksum).to.match(/^[0-9a-f]{64}$/);
      writeFileSync(join(dir, "3_c.sql"), "");
      expect(() => readMigrations(pathToFileURL(`${dir}/`))).to.throw("3_c.sql");
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
