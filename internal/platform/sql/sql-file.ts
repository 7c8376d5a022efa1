import { readFileSync } from "node:fs";

/** A statement kept as a file, without its leading comment header. */
export function loadSql(file: URL): string {
  return readFileSync(file, "utf8")
    .replace(/^\s*--.*$/gm, "")
    .trim();
}
