import { existsSync, readFileSync } from "node:fs";

/**
 * The flags that Node runs a process of ours with: one a line
 * in `cmd/<process>/node-flags`; `#` begins a comment.
 */
export function nodeFlagsOf(name: string): string[] {
  const file = new URL(`../../../cmd/${name}/node-flags`, import.meta.url);
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");
}
