const LONGEST = 500;

/**
 * A broker's reason as both databases can keep it: at most 500
 * UTF-16 units, well formed, without NUL (PostgreSQL refuses it).
 */
export function refusalText(reason: string): string {
  const text = reason.replaceAll("\0", "").toWellFormed();
  const cut = text.slice(0, LONGEST);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}
