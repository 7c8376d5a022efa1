import { expect } from "chai";
import { createLogger } from "./logger.ts";

describe("The logger keeps secrets out of its lines", () => {
  const HIDDEN = "hunter2hunter2";
  const JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.c2lnbmF0dXJl";
  const url = `postgres://app:${HIDDEN}@db:5432/shop`;

  /** The line that `write` logs, as text. */
  function logged(write: (log: ReturnType<typeof createLogger>) => void): string {
    let text = "";
    write(
      createLogger("test", "trace", {
        write: (line) => {
          text += line;
        },
      }),
    );
    expect(text.endsWith("\n")).to.equal(true);
    expect(JSON.parse(text)).to.include({ name: "test", level: "error" });
    return text;
  }

  const cases: Record<string, (log: ReturnType<typeof createLogger>) => void> = {
    "a URL in an error's message and stack": (log) =>
      log.error({ err: new Error(`cannot reach ${url}`) }, "no"),
    "a URL in an error that is logged alone": (log) => log.error(new Error(`cannot reach ${url}`)),
    "a URL in the message": (log) => log.error(`cannot reach ${url}`),
    "a URL that fills in the message": (log) => log.error("cannot reach %s", url),
    "a URL whose password holds what should have been escaped": (log) =>
      log.error(`redis://app:a/b@${HIDDEN}#x@h:6379 is no URL`),
    "a URL with a token alone": (log) => log.error({ url: `https://${HIDDEN}@host/path` }, "no"),
    "the second URL of a word": (log) => log.error(`file:///x,redis://u:${HIDDEN}@h`),
    "a URL deep in an object": (log) => log.error({ a: { b: { c: { url } } } }, "no"),
    "a URL in an array": (log) => log.error({ urls: [["x", url]] }, "no"),
    "a URL as a property's name": (log) => log.error({ [url]: 1 }, "no"),
    "a URL in the cause of a cause": (log) => {
      const cause = new Error("refused", { cause: new Error(`at ${url}`) });
      log.error({ err: new Error("no", { cause }) }, "no");
    },
    "a URL in an AggregateError": (log) =>
      log.error({ err: new AggregateError([new Error(url)], "all") }, "no"),
    "a property of an error": (log) =>
      log.error({ err: Object.assign(new Error("no"), { config: { password: HIDDEN } }) }, "no"),
    "a password at the top, and one below": (log) =>
      log.error({ password: HIDDEN, options: { auth: { DB_PASSWORD: HIDDEN } } }, "no"),
    "what is hidden in a list or an object": (log) =>
      log.error({ secrets: [HIDDEN], credentials: { user: { pass: HIDDEN } } }, "no"),
    "headers of a request": (log) =>
      log.error({ req: { headers: { authorization: HIDDEN, cookie: `sid=${HIDDEN}` } } }, "no"),
    "the header of our own": (log) => log.error({ headers: { "x-cartwright-identity": HIDDEN } }, "no"),
    "cookies of an answer": (log) =>
      log.error({ headers: { "set-cookie": [`sid=${HIDDEN}; Path=/`] } }, "no"),
    "raw headers": (log) =>
      log.error({ rawHeaders: ["Host", "h", "Cookie", `a=${HIDDEN}`, "Authorization", HIDDEN] }, "no"),
    "the text of a request": (log) =>
      log.error(
        `GET / HTTP/1.1\r\nHost: h\r\nCookie: sid=${HIDDEN}; a=b\r\nX-Cartwright-Identity: ${HIDDEN}\r\n`,
      ),
    "a bearer token in text": (log) => log.error(`sent Bearer ${HIDDEN} and was refused`),
    "a JWT in text": (log) => log.error({ err: new Error(`bad token ${JWT}.`) }, "no"),
    "a connection string": (log) =>
      log.error(`Server=db;User Id=sa;Password=${HIDDEN};Encrypt=true cannot be opened`),
    "JSON in text": (log) => log.error(JSON.stringify({ auth: { password: HIDDEN, token: HIDDEN } })),
    "an option of a URL": (log) => log.error({ path: `/callback?access_token=${HIDDEN}&state=1` }, "no"),
    "a binding of a child": (log) => log.child({ token: HIDDEN, url }).error("no"),
    "a private key": (log) =>
      log.error(`-----BEGIN PRIVATE KEY-----\n${HIDDEN}\n-----END PRIVATE KEY-----\n is not a certificate`),
  };
  for (const [what, write] of Object.entries(cases)) {
    it(what, () => {
      const text = logged(write);
      expect(text).not.to.include(HIDDEN);
      expect(text).not.to.include(JWT.slice(-12));
      expect(text).to.include("[redacted]");
    });
  }

  it("and leaves in what is none: hosts, ports, paths, frames, ids, counts, flags", () => {
    const line = {
      err: "connect ECONNREFUSED redis://127.0.0.1:6379 at file:///app/node_modules/@scope/x/index.js:1:2",
      url: "http://cart:8080/cart/items/tent?limit=1",
      eventId: "01a20b97-9c2f-7535-b983-11880be8b9c6",
      hasToken: true,
      cookie: null,
      key: "cart:{5}:guest",
      said: "no keys to verify a token; basic look-ups go on",
    };
    const parsed = JSON.parse(logged((log) => log.error(line, "3 tokens are remembered")));
    expect(parsed).to.include({ ...line, msg: "3 tokens are remembered" });
  });
});
