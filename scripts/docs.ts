import { readFileSync, writeFileSync } from "node:fs";
import { configurationTables } from "../internal/testkit/processes/configuration-tables.ts";
import { processSchemas } from "../internal/testkit/processes/schemas.ts";

/* `make docs`: writes README's tables of the configuration from the schemas. --check only compares. */

const README = new URL("../README.md", import.meta.url);
const BEGIN = "<!-- configuration: written by `make docs` from cmd/*/config.ts -->\n";
const END = "<!-- configuration ends -->\n";

const text = readFileSync(README, "utf8");
const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
if (begin < 0 || end < begin) throw new Error(`README.md has lost its markers: ${BEGIN}${END}`);
const tables = configurationTables(await processSchemas());
const written = `${text.slice(0, begin)}${BEGIN}\n${tables}\n${text.slice(end)}`;
if (written === text) process.exit(0);
if (process.argv.includes("--check")) {
  console.error(
    "README.md does not say what the schemas of cmd/*/config.ts say; write it anew with: make docs",
  );
  process.exit(1);
}
writeFileSync(README, written);
