import { readFileSync } from "node:fs";
import type { z } from "zod";
import { err, ok, type Result } from "../result/result.ts";

export interface EnvFault {
  readonly variable: string;
  readonly message: string;
}

/**
 * Reads and checks a process's whole configuration. Every fault is reported at once; a bad value is never
 * replaced by a default. A variable `X` may instead be given as `X_FILE`, the path of a mounted secret
 * (surrounding white space is trimmed); giving both is a fault. Variables that the schema does not name are
 * ignored.
 */
export function readEnv<S extends z.ZodRawShape>(
  schema: z.ZodObject<S>,
  env: Readonly<Record<string, string | undefined>>,
): Result<z.infer<z.ZodObject<S>>, EnvFault[]> {
  const faults: EnvFault[] = [];
  const input: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = readVariable(name, env, faults);
    if (value !== undefined) input[name] = value;
  }
  const parsed = schema.safeParse(input);
  const unreadable = new Set(faults.flatMap(({ variable }) => [variable, variable.replace(/_FILE$/, "")]));
  for (const issue of parsed.error?.issues ?? []) {
    const variable = String(issue.path[0] ?? "configuration");
    if (!unreadable.has(variable)) {
      faults.push({ variable, message: variable in input ? issue.message : `is not set: ${issue.message}` });
    }
  }
  return parsed.success && faults.length === 0 ? ok(parsed.data) : err(faults);
}

/**
 * As {@link readEnv}, for the top of a main: on faults it
 * prints them all to stderr and exits with 1.
 */
export function readEnvOrExit<S extends z.ZodRawShape>(
  schema: z.ZodObject<S>,
  env: Readonly<Record<string, string | undefined>>,
): z.infer<z.ZodObject<S>> {
  const result = readEnv(schema, env);
  if (result.ok) return result.value;
  console.error("This process cannot start; its configuration has faults:");
  for (const fault of result.error) console.error(`  ${fault.variable}: ${fault.message}`);
  process.exit(1);
}

function readVariable(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
  faults: EnvFault[],
): string | undefined {
  const path = env[`${name}_FILE`];
  if (path === undefined || name.endsWith("_FILE")) return env[name];
  if (env[name] !== undefined) {
    faults.push({ variable: name, message: `is set twice, as ${name} and as ${name}_FILE; keep one` });
    return undefined;
  }
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    faults.push({ variable: `${name}_FILE`, message: `cannot be read: ${(cause as Error).message}` });
    return undefined;
  }
}
