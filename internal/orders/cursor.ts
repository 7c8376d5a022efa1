const PREFIX = "o";

/** Where the next page of an owner's orders begins, as clients get it: nothing to be read or made by them. */
export function cursorAfter(ordinal: number): string {
  return Buffer.from(`${PREFIX}${ordinal}`).toString("base64url");
}

/** The ordinal that a cursor stands for; null for what {@link cursorAfter} never gives. */
export function readCursor(cursor: string): number | null {
  const text = Buffer.from(cursor, "base64url").toString("latin1");
  const digits = /^o([1-9]\d{0,14})$/.exec(text)?.[1];
  if (digits === undefined) return null;
  const ordinal = Number(digits);
  return cursorAfter(ordinal) === cursor ? ordinal : null;
}
