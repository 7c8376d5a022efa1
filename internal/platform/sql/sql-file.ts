import { readFileSync } from "node:fs";

/** A statement kept as a file, without its leading comment header. */
export function loadSql(file: URL): string {
  return readFileSync(file, "utf8")
    .replace(/^\s*--.*$/gm, "")
    .trim();
}

/** The statements of a feature in one dialect: `markPublished` from `mark-published.sql` in `folder`. */
export function loadStatements<Name extends string>(
  folder: URL,
  names: readonly Name[],
): Readonly<Record<Name, string>> {
  const fileOf = (name: string) => `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.sql`;
  const entries = names.map((name) => [name, loadSql(new URL(fileOf(name), folder))]);
  return Object.fromEntries(entries) as Record<Name, string>;
}

/** A statement that PostgreSQL prepares once per connection. */
export interface NamedStatement {
  readonly name: string;
  readonly text: string;
}

/** `statements` to be prepared; the names begin with the feature, because features share connections. */
export function namedStatements<Name extends string>(
  feature: string,
  statements: Readonly<Record<Name, string>>,
): Readonly<Record<Name, NamedStatement>> {
  const entries = Object.entries<string>(statements);
  const named = entries.map(([name, text]) => [name, { name: `${feature}-${name}`, text }]);
  return Object.fromEntries(named) as Record<Name, NamedStatement>;
}
