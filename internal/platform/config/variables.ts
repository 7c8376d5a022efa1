import { z } from "zod";

/** One environment variable of a process, as its schema says. */
export interface Variable {
  readonly name: string;
  /** What it is, with its unit, in a line. */
  readonly meaning: string;
  readonly required: boolean;
  /** What is taken when it is not set; undefined when it is required, or when its meaning says so. */
  readonly fallback: string | undefined;
  /** Which values it takes, where the schema bounds them. */
  readonly takes: string | undefined;
}

/** The variables of a configuration in the order of its schema; throws for one without a description. */
export function variablesOf(schema: z.ZodObject): Variable[] {
  return Object.entries<z.core.$ZodType>(schema.shape).map(([name, field]) => {
    const meaning = z.globalRegistry.get(field)?.description;
    if (meaning === undefined) throw new Error(`${name} has no description: give its field .describe()`);
    return {
      name,
      meaning,
      required: !(hasFallback(field) || field instanceof z.ZodOptional),
      fallback: fallbackOf(field),
      takes: valuesOf(field),
    };
  });
}

const hasFallback = (field: z.core.$ZodType) =>
  field instanceof z.ZodDefault || field instanceof z.ZodPrefault;

/** What the variable would have to say for it; undefined also where only the process's surroundings tell. */
function fallbackOf(field: z.core.$ZodType): string | undefined {
  if (!(field instanceof z.ZodDefault || field instanceof z.ZodPrefault)) return undefined;
  const { defaultValue } = field.def;
  return defaultValue === undefined ? undefined : String(defaultValue);
}

/** The bounds of a number, the values of an enumeration. */
function valuesOf(field: z.core.$ZodType): string | undefined {
  if (field instanceof z.ZodDefault || field instanceof z.ZodOptional) return valuesOf(field.def.innerType);
  if (field instanceof z.ZodPipe) return valuesOf(field.def.out);
  if (field instanceof z.ZodEnum) return field.options.join(", ");
  if (field instanceof z.ZodNumber) return `${field.minValue} to ${field.maxValue}`;
  return undefined;
}
