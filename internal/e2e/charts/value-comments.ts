/** As much of a JSON schema as tells a map with fields of its own from one with any entries. */
export interface ValuesSchema {
  readonly properties?: Readonly<Record<string, ValuesSchema>>;
}

/**
 * The values, by path, that no comment explains: each needs one above itself or beside it. A map in braces is
 * one value where the schema names no fields of it, such as labels; else each field has a line, and so a
 * comment, of its own. Understands the YAML of our values files: maps in block style, one field a line.
 */
export function uncommentedValues(values: string, schema: ValuesSchema): string[] {
  const faults: string[] = [];
  let above = "";
  let path: { readonly indent: number; readonly name: string }[] = [];
  for (const line of values.split("\n")) {
    const [, spaces = "", name, rest = ""] = /^( *)([\w-]+):(.*)$/.exec(line) ?? [];
    if (name !== undefined) {
      const indent = spaces.length;
      path = [...path.filter((each) => each.indent < indent), { indent, name }];
      const names = path.map((each) => each.name);
      const beside = / #\s*\S/.test(rest);
      const fields = schemaAt(schema, names)?.properties;
      if (rest.trim() !== "" && rest.trim()[0] !== "#") {
        if (!beside && above !== `${spaces}#`) faults.push(names.join("."));
        else if (fields !== undefined && rest.includes("{"))
          faults.push(`${names.join(".")}: a line for each field`);
      }
    }
    above = /^ *# *\S/.test(line) ? line.slice(0, line.indexOf("#") + 1) : "";
  }
  return faults;
}

function schemaAt(schema: ValuesSchema, names: readonly string[]): ValuesSchema | undefined {
  return names.reduce<ValuesSchema | undefined>((at, name) => at?.properties?.[name], schema);
}
