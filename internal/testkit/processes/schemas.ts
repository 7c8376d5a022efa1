import { existsSync, readdirSync } from "node:fs";
import type { z } from "zod";

const CMD = new URL("../../../cmd/", import.meta.url);

/** Every process: the folders of cmd/ that have a main.ts, by name. */
export function processNames(): string[] {
  return readdirSync(CMD)
    .filter((name) => existsSync(new URL(`${name}/main.ts`, CMD)))
    .sort();
}

/** The configuration that a process declares in its config.ts. */
export async function mainSchema(name: string): Promise<z.ZodObject> {
  const { schema } = (await import(new URL(`${name}/config.ts`, CMD).href)) as { schema?: z.ZodObject };
  if (schema === undefined) throw new Error(`cmd/${name}/config.ts exports no schema`);
  return schema;
}

/** The configuration that each process declares in its config.ts. */
export async function processSchemas(): Promise<ReadonlyMap<string, z.ZodObject>> {
  const schemas = new Map<string, z.ZodObject>();
  for (const name of processNames()) schemas.set(name, await mainSchema(name));
  return schemas;
}
