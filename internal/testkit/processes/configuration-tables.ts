import type { z } from "zod";
import { serviceFields } from "../../platform/config/fields.ts";
import { type Variable, variablesOf } from "../../platform/config/variables.ts";

/** Markdown: a table of what all services share, then one for each process with the rest. */
export function configurationTables(schemas: ReadonlyMap<string, z.ZodObject>): string {
  const own = new Map([...schemas].map(([name, schema]) => [name, variablesOf(schema)] as const));
  const services = [...own].filter(([, variables]) => variables.some(isShared)).map(([name]) => name);
  const shared = own.get(services[0] ?? "")?.filter(isShared) ?? [];
  return [
    table(`all of ${services.join(", ")}`, shared),
    ...[...own].map(([name, variables]) =>
      table(
        name,
        variables.filter((each) => !isShared(each)),
      ),
    ),
  ].join("\n");
}

const isShared = ({ name }: Variable) => name in serviceFields;

function table(title: string, variables: readonly Variable[]): string {
  const rows = variables.map(
    (each) => `| \`${each.name}\` | ${fallbackOf(each)} | ${meaningOf(each).replaceAll("|", "\\|")} |`,
  );
  return [`| ${title} | default | meaning |`, "|---|---|---|", ...rows, ""].join("\n");
}

function fallbackOf({ required, fallback }: Variable): string {
  if (required) return "**required**";
  return fallback === undefined || fallback === "" ? "" : `\`${fallback}\``;
}

const meaningOf = ({ meaning, takes }: Variable) => (takes === undefined ? meaning : `${meaning} (${takes})`);
