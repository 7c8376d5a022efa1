const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What shows in a JSON text in UTF-8 before it is parsed. */
export interface Outline {
  /** How deep arrays and objects lie within each other. */
  readonly depth: number;
  /** Members of objects, repeated ones too. */
  readonly members: number;
}

/**
 * Reads the outline of a text that need not be well-formed, in one pass and without recursion: whoever walks
 * the parsed value may recurse once the depth is bounded.
 */
export function outlineOf(bytes: Buffer): Outline {
  let [depth, deepest, members] = [0, 0, 0];
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) inString = !inString;
    else if (inString) at += byte === BACKSLASH ? 1 : 0;
    else if (byte === 0x5b || byte === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (byte === 0x5d || byte === 0x7d) depth--;
    else if (byte === 0x3a) members++;
  }
  return { depth: deepest, members };
}

/**
 * Whether an object in a well-formed text names a key twice, of which `JSON.parse` keeps the last and other
 * readers the first (RFC 8259 section 4): `value`, which is what was parsed, then has fewer keys.
 */
export function repeatsKey({ members }: Outline, value: unknown): boolean {
  return members !== countKeys(value);
}

function countKeys(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const values = Object.values(value);
  return values.reduce((sum, inner) => sum + countKeys(inner), Array.isArray(value) ? 0 : values.length);
}
