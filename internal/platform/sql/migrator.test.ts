import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import {
  type Migration,
  type MigrationKind,
  type MigrationTarget,
  migrate,
  readMigrations,
} from "./migrator.ts";
import { type FeatureSchema, mergeSchemas } from "./schema.ts";

const migration = (name: string, checksum = name): Migration => ({
  name,
  kind: "expanding",
  sql: "",
  checksum,
});

function memoryTarget(
  applied: Record<string, string> = {},
  failing?: string,
  kind: MigrationKind = "expanding",
) {
  const calls: string[] = [];
  const target: MigrationTarget = {
    lock: async () => void calls.push("lock"),
    applied: async () => Object.entries(applied).map(([name, checksum]) => ({ name, kind, checksum })),
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
    const { applied } = await migrate(target, [migration("a"), migration("b"), migration("c")]);
    expect(applied).to.deep.equal(["b", "c"]);
    expect(calls).to.deep.equal(["lock", "b", "c"]);
  });

  it("changes nothing when an applied migration was edited, or an unknown one is contracting", async () => {
    const edited = memoryTarget({ a: "other" });
    expect(await fault(migrate(edited.target, [migration("a"), migration("b")]))).to.match(
      /a was edited after/,
    );
    const newer = memoryTarget({ a: "a", z: "z" }, undefined, "contracting");
    expect(await fault(migrate(newer.target, [migration("a"), migration("b")]))).to.match(
      /contracting migration z of a newer version.*run the newer one/,
    );
    expect([edited.calls, newer.calls]).to.deep.equal([["lock"], ["lock"]]);
  });

  it("goes on beside the expanding migrations of a newer version, and says which", async () => {
    const { target } = memoryTarget({ a: "a", y: "y", z: "z" });
    const outcome = await migrate(target, [migration("a"), migration("b")]);
    expect(outcome).to.deep.equal({ applied: ["b"], newer: ["y", "z"] });
  });

  it("stops at the first that fails, and says which", async () => {
    const { target, calls } = memoryTarget({}, "b");
    const said = await fault(migrate(target, [migration("a"), migration("b"), migration("c")]));
    expect(said).to.equal("migration b failed: syntax error");
    expect(calls).to.deep.equal(["lock", "a"]);
  });

  it("merges the features' migrations into one order by name, and refuses a name that comes twice", () => {
    const feature = (...names: string[]): FeatureSchema => ({
      migrations: () => names.map((name) => migration(name)),
      tables: { [names[0]!]: ["SELECT"] },
      types: [],
    });
    const merged = mergeSchemas([feature("0001_a", "0003_a"), feature("0002_b")], "postgres");
    expect(merged.migrations.map(({ name }) => name)).to.deep.equal(["0001_a", "0002_b", "0003_a"]);
    expect(merged.tables).to.deep.equal({ "0001_a": ["SELECT"], "0002_b": ["SELECT"] });
    expect(() => mergeSchemas([feature("0001_a"), feature("0001_a")], "postgres")).to.throw("0001_a");
  });

  it("reads the numbered files of a directory in order, each with its kind, and refuses any other", () => {
    const dir = mkdtempSync(join(tmpdir(), "migrations-"));
    const read = () =>
      readMigrations(pathToFileURL(`${dir}/`), ["0001_a.sql"]).map(({ name, kind }) => [name, kind]);
    try {
      writeFileSync(join(dir, "0002_b.sql"), "-- Takes a column away.\n-- contracting\n\nDROP");
      writeFileSync(join(dir, "0003_c.sql"), "-- expanding\nADD");
      for (const name of ["0001_a.sql", "notes.md"]) writeFileSync(join(dir, name), name);
      expect(read()).to.deep.equal([
        ["0001_a.sql", "expanding"],
        ["0002_b.sql", "contracting"],
        ["0003_c.sql", "expanding"],
      ]);
      expect(readMigrations(pathToFileURL(`${dir}/`), ["0001_a.sql"])[0]!.checksum).to.match(
        /^[0-9a-f]{64}$/,
      );
      for (const sql of ["ADD", "ADD\n-- expanding", "-- expanding\n-- contracting\nADD"]) {
        writeFileSync(join(dir, "0004_d.sql"), sql);
        expect(read, sql).to.throw(/0004_d\.sql must say/);
      }
      writeFileSync(join(dir, "0004_d.sql"), "-- expanding\n");
      writeFileSync(join(dir, "3_c.sql"), "");
      expect(read).to.throw("3_c.sql");
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
