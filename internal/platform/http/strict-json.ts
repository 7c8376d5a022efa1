const STRINGS = /"(?:[^"\\]|\\.)*"/g;

/**
 * Whether an object of a well-formed JSON text names a key twice, of which `JSON.parse` keeps the last and
 * other readers the first (RFC 8259 section 4). `value` is what was parsed,
 * which then has fewer keys.
 */
export function repeatsKey(text: string, value: unknown): boolean {
  return text.replace(STRINGS, "").split(":").length - 1 !== countKeys(value);
}

function countKeys(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const values = Object.values(value);
  return values.reduce((sum, inner) => sum + countKeys(inner), Array.isArray(value) ? 0 : values.length);
}
