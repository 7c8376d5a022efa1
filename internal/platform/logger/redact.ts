/** What stands in a secret's place. */
const REDACTED = "[redacted]";

const SECRET_NAME =
  /authorization|cookie|cartwright-identity|password|passwd|\bpwd\b|passphrase|secret|token|credential|(api|private)[-_]?key/i;
const HEADER_NAME = /^((proxy-)?authorization|(set-)?cookie|x-cartwright-identity)$/i;

/** A text or a line in which this finds nothing holds no secret that shows: most do not. */
const SUSPICIOUS = new RegExp(`${SECRET_NAME.source}|://|eyJ|bearer|basic |PRIVATE KEY`, "i");

/** Secrets in running text, each after what is kept of it. No pattern takes more than linear time. */
const SECRETS_IN_TEXT: readonly RegExp[] = [
  /()-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----.*/gs,
  // A header, as a line of HTTP or as a property in JSON.
  /\b((?:authorization|cookie|x-cartwright-identity)["']?\s{0,4}[:=]\s{0,4}["']?)[^"'\r\n]+/gi,
  // password=..., Password = '...', "password": "..."; a colon without quotes may be prose.
  /((?:password|passwd|pwd|passphrase|secret|token|(?:api|private)[-_]?key)["']?\s{0,4}(?:=\s{0,4}["']?|:\s{0,4}["']))[^\s;&"']+/gi,
  /\b((?:Bearer|bearer|Basic) )[\w~+/.-]{8,}={0,2}/g,
  /\b()eyJ[\w-]{4,}(?:\.[\w-]*){1,4}/g,
];

/** The text without credentials that show by their form: in URLs, headers, settings, tokens, private keys. */
export function redactText(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  let redacted = text;
  for (const secret of SECRETS_IN_TEXT) redacted = redacted.replace(secret, `$1${REDACTED}`);
  return redacted.includes("://") ? redacted.replace(/[^\s"']+/g, withoutLogin) : redacted;
}

/**
 * The word without `user:password` or `user` of the URL in it; up to the last @, because a password may hold
 * an @ or a slash that should have been escaped. An @ of a path, as in `file:///node_modules/@scope`, stays.
 */
function withoutLogin(word: string): string {
  const to = word.lastIndexOf("@");
  for (let at = word.indexOf("://"); at >= 0 && at + 3 < to; at = word.indexOf("://", at + 3)) {
    const login = /[^/:]*(:?)/y;
    login.lastIndex = at + 3;
    const [, colon] = login.exec(word)!;
    if (colon === ":" || login.lastIndex > to) return word.slice(0, at + 3) + REDACTED + word.slice(to);
  }
  return word;
}

/**
 * A line of JSON without secrets: neither under a name that says so, at any depth, nor in any text (see
 * {@link redactText}). It looks at what is about to be written, so that nothing passes it by, whichever way
 * it got into the line; pino bounds how deep and how long a line is. A secret without a form and a name, such
 * as a password alone in a sentence, is not found: code must not log it.
 */
export function redactLine(line: string): string {
  if (!SUSPICIOUS.test(line)) return line;
  try {
    return `${JSON.stringify(redactValue(JSON.parse(line)))}\n`;
  } catch {
    return `${JSON.stringify({ level: "error", msg: "a log line could not be redacted and was left out" })}\n`;
  }
}

function redactValue(value: unknown): unknown {
  if (typeof value === "string") return redactText(value);
  if (Array.isArray(value)) return value.map((item, at) => redactItem(item, value[at - 1]));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      redactText(name),
      SECRET_NAME.test(name) && hides(inner) ? REDACTED : redactValue(inner),
    ]),
  );
}

/** In Node's raw headers a value follows its name. */
const redactItem = (item: unknown, before: unknown) =>
  typeof before === "string" && HEADER_NAME.test(before) ? REDACTED : redactValue(item);

const hides = (value: unknown) => value !== null && typeof value !== "boolean";
