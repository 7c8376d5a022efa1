/** Between the quotes of a structured field's string (RFC 9651 section 3.3.3). */
const STRING = String.raw`(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*`;

/** What a parameter's value may be: a number, string, token, bytes, boolean, date or display string. */
const VALUE = [
  String.raw`-?\d{1,12}\.\d{1,3}|-?\d{1,15}`,
  `"${STRING}"`,
  String.raw`[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_\x60|~:/]*`,
  ":[A-Za-z0-9+/=]*:",
  String.raw`\?[01]`,
  String.raw`@-?\d{1,15}`,
  String.raw`%"(?:[\x20\x21\x23\x24\x26-\x7e]|%[0-9a-f]{2})*"`,
].join("|");

const PARAMETERS = `(?:; *[a-z*][a-z0-9_.*-]*(?:=(?:${VALUE}))?)*`;

const STRING_ITEM = new RegExp(`^"(${STRING})"${PARAMETERS}$`);

/** The string that a structured field's item is, whatever its parameters; null when it is none. */
export function readStringItem(field: string): string | null {
  return STRING_ITEM.exec(field)?.[1]?.replace(/\\(.)/g, "$1") ?? null;
}
