/**
 * Before it, Node let a flood of headers before Content-Length
 * smuggle a request. Keep `engines` in package.json the same.
 */
const LEAST_NODE = [24, 18, 1] as const;

/** Why `version` (such as 24.18.1) of Node will not do, in a sentence; null when it will. */
export function nodeFault(version: string): string | null {
  const parts = version.split(".").map(Number);
  for (const [i, least] of LEAST_NODE.entries()) {
    const part = parts[i] ?? 0;
    if (part > least) return null;
    if (part < least)
      return `Node ${LEAST_NODE.join(".")} or later is needed, not ${version}: older ones let requests be smuggled.`;
  }
  return null;
}
