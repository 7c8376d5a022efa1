import type { z } from "zod";
import { variablesOf } from "../../platform/config/variables.ts";

const HEADER = `# The variables that each process knows; the chart refuses others in <part>.env and <part>.envFromSecret.
# Written by \`make docs\` from cmd/*/config.ts; \`make check\` fails when it is stale.
`;

/** YAML: the names of each process's variables, in the order of its schema. */
export function knownVariables(schemas: ReadonlyMap<string, z.ZodObject>): string {
  const lines = [...schemas].flatMap(([name, schema]) => [
    `${name}:`,
    ...variablesOf(schema).map((each) => `  - ${each.name}`),
  ]);
  return `${HEADER}${lines.join("\n")}\n`;
}
