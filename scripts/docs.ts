import { readFileSync, writeFileSync } from "node:fs";
import { configurationTables } from "../internal/testkit/processes/configuration-tables.ts";
import { knownVariables } from "../internal/testkit/processes/known-variables.ts";
import { metricsPage } from "../internal/testkit/processes/metrics-page.ts";
import { processRegistries } from "../internal/testkit/processes/registries.ts";
import { processSchemas } from "../internal/testkit/processes/schemas.ts";

/*
 * `make docs`: writes the tables of the configuration in cmd/README.md and the variables that the
 * chart knows from the schemas, and the page of all metrics from the registries. --check only compares.
 */

const CONFIGURATION = new URL("../cmd/README.md", import.meta.url);
const VARIABLES = new URL("../charts/cartwright/files/variables.yaml", import.meta.url);
const METRICS = new URL("../k8s/metrics.md", import.meta.url);
const BEGIN = "<!-- configuration: written by `make docs` from cmd/*/config.ts -->\n";
const END = "<!-- configuration ends -->\n";

async function configuration(text: string): Promise<string> {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`cmd/README.md has lost its markers: ${BEGIN}${END}`);
  const tables = configurationTables(await processSchemas());
  return `${text.slice(0, begin)}${BEGIN}\n${tables}\n${text.slice(end)}`;
}

const pages = [
  { file: CONFIGURATION, from: "the schemas of cmd/*/config.ts", write: configuration },
  {
    file: VARIABLES,
    from: "the schemas of cmd/*/config.ts",
    write: async () => knownVariables(await processSchemas()),
  },
  { file: METRICS, from: "the processes' registries", write: () => metricsPage(processRegistries()) },
];
for (const { file, from, write } of pages) {
  const text = readFileSync(file, { encoding: "utf8", flag: "a+" });
  const written = await write(text);
  if (written === text) continue;
  if (!process.argv.includes("--check")) writeFileSync(file, written);
  else {
    console.error(`${file.pathname} does not say what ${from} say; write it anew with: make docs`);
    process.exitCode = 1;
  }
}
