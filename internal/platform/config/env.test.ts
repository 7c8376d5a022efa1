import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { z } from "zod";
import { readEnv } from "./env.ts";
import { integer } from "./fields.ts";

describe("The environment", () => {
  const dir = mkdtempSync(join(tmpdir(), "cartwright-env-"));
  after(() => rmSync(dir, { recursive: true }));
  const schema = z.object({
    COUNT: integer(1, 9).default(5),
    NAME: z.string().min(1),
    PASSWORD: z.string().min(8, "must be at least 8 long"),
  });
  const good = { NAME: "n", PASSWORD: "longenough" };
  const faultsOf = (env: Record<string, string>) => {
    const result = readEnv(schema, env);
    return result.ok ? [] : result.error;
  };

  it("gives typed values, with defaults for what is not set, and ignores what is not asked for", () => {
    const result = readEnv(schema, { ...good, OTHER: "x", PATH: "/bin" });
    expect(result).to.deep.equal({ ok: true, value: { COUNT: 5, ...good } });
  });

  it("names every fault at once, and never falls back to a default for a bad value", () => {
    const faults = faultsOf({ COUNT: "ten", PASSWORD: "short" });
    expect(faults.map(({ variable }) => variable)).to.deep.equal(["COUNT", "NAME", "PASSWORD"]);
    expect(faults[0]?.message).to.equal("must be a whole number between 1 and 9");
    expect(faults[1]?.message).to.match(/^is not set/);
    expect(JSON.stringify(faults)).not.to.include("short");
  });

  it("an empty value is a value, not an absent one", () => {
    expect(faultsOf({ ...good, COUNT: "" }).map(({ variable }) => variable)).to.deep.equal(["COUNT"]);
  });

  it("takes a variable from a mounted file, without the white space around it", () => {
    const file = join(dir, "password");
    writeFileSync(file, "\n from-a-file\n");
    const result = readEnv(schema, { NAME: "n", PASSWORD_FILE: file });
    expect(result.ok && result.value.PASSWORD).to.equal("from-a-file");
  });

  it("a variable given both ways, or by a file that is not there, is one fault", () => {
    const twice = faultsOf({ ...good, PASSWORD_FILE: join(dir, "password") });
    expect(twice.map(({ variable }) => variable)).to.deep.equal(["PASSWORD"]);
    expect(twice[0]?.message).to.include("PASSWORD_FILE");
    const missing = faultsOf({ NAME: "n", PASSWORD_FILE: "/nowhere" });
    expect(missing.map(({ variable }) => variable)).to.deep.equal(["PASSWORD_FILE"]);
  });
});
