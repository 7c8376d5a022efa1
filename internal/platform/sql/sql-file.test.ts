import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { loadStatements, namedStatements } from "./sql-file.ts";

describe("Statements that are files", () => {
  const dir = mkdtempSync(join(tmpdir(), "cartwright-sql-"));
  const folder = pathToFileURL(`${dir}/`);
  after(() => rmSync(dir, { recursive: true }));

  it("are found by their names, without the header", () => {
    writeFileSync(join(dir, "mark-published.sql"), "-- What it does.\n-- $1 relay\nSELECT 1\n");
    const statements = loadStatements(folder, ["markPublished"]);
    expect(statements).to.deep.equal({ markPublished: "SELECT 1" });
    expect(namedStatements("outbox", statements)).to.deep.equal({
      markPublished: { name: "outbox-markPublished", text: "SELECT 1" },
    });
  });

  it("must be there when they are loaded, not when they are used", () => {
    expect(() => loadStatements(folder, ["markRefused"])).to.throw("mark-refused.sql");
  });
});
