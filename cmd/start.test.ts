import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { z } from "zod";
import { readEnv } from "../internal/platform/config/env.ts";
import { variablesOf } from "../internal/platform/config/variables.ts";
import { processNames, processSchemas } from "../internal/testkit/processes/schemas.ts";

/** Starts a process as the image does. */
const RUN = fileURLToPath(new URL("./run.ts", import.meta.url));

/** A value that does for each required variable, so that nothing is bad but what the test makes so. */
const GOOD: Readonly<Record<string, string>> = {
  ADMIN_PORT: "0",
  PORT: "0",
  REDIS_URL: "redis://redis:6379",
  DATABASE_URL: "postgres://user:password@postgres:5432/database",
  AMQP_URL: "amqp://user:password@broker",
  CART_URL: "http://cart",
  CATALOG_URL: "http://catalog",
  INTERNAL_TOKEN_SECRET: "i".repeat(32),
  SESSION_SECRET: "s".repeat(32),
  NAMESPACE: "shop",
};

describe("A process that is configured badly", () => {
  let schemas: ReadonlyMap<string, z.ZodObject>;
  before(async () => {
    schemas = await processSchemas();
  });

  for (const name of processNames()) {
    it(`${name}: three bad variables are three sentences and exit code 1`, () => {
      const bad = variablesOf(schemas.get(name)!)
        .slice(-3)
        .map((each) => each.name);
      const { status, stdout, stderr } = spawnSync(process.execPath, [RUN, name], {
        env: { ...GOOD, ...emptied(bad) },
        encoding: "utf8",
      });
      const [heading, ...sentences] = stderr.trimEnd().split("\n");
      expect(sentences.map((line) => /^ {2}([A-Z_]+): \S/.exec(line)?.[1] ?? line)).to.have.members(bad);
      expect(heading).to.match(/^This process cannot start/);
      expect([status, stdout]).to.deep.equal([1, ""]);
    });

    it(`${name}: each of its variables can be bad, and is then named once`, () => {
      const schema = schemas.get(name)!;
      const all = variablesOf(schema).map((each) => each.name);
      const read = readEnv(schema, emptied(all));
      expect(read.ok ? [] : read.error.map(({ variable }) => variable)).to.have.members(all);
    });
  }
});

/** No variable of ours takes an empty value. */
function emptied(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, ""]));
}
