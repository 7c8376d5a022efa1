const encoded = (bytes: string | Buffer) => Buffer.from(bytes).toString("base64url");

/** First parts of tokens that are no protected header (RFC 7515 section 4). */
export const UNREADABLE_HEADERS: readonly string[] = [
  "",
  "x",
  "~~~",
  encoded("{"),
  encoded("null"),
  encoded("[]"),
  encoded('"a"'),
  encoded("1"),
  encoded(Buffer.from([0xff, 0xfe])),
];
