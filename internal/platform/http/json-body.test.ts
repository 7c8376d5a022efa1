import { expect } from "chai";
import { z } from "zod";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { request } from "../../testkit/shopper.ts";
import { Registry } from "../metrics/metrics.ts";
import { createApp } from "./app.ts";
import { jsonBody, validate } from "./json-body.ts";
import { type HttpServer, listen } from "./server.ts";

describe("A JSON body", () => {
  const { log, lines } = recordingLogger();
  let server: HttpServer;
  before(async () => {
    const app = createApp({
      log,
      registry: new Registry(),
      routes: (app) => app.post("/", jsonBody(60_000), (req, res) => void res.json({ got: req.body })),
    });
    server = await listen(app, { host: "127.0.0.1", port: 0 });
  });
  after(async () => {
    await server.close();
    expect(lines.filter(({ level }) => level !== "debug")).to.deep.equal([]);
  });
  const post = async (raw: string | undefined, headers: Record<string, string> = {}) => {
    const { status, body } = await request(`http://127.0.0.1:${server.port}`, "POST", "/", {
      ...(raw !== undefined && { raw }),
      headers,
    });
    return { status, body };
  };

  it("is parsed, whatever JSON value it is", async () => {
    for (const value of [{ a: "ä" }, [], 1, null, "x", true]) {
      expect((await post(JSON.stringify(value))).body).to.deep.equal({ got: value });
    }
    expect((await post("{}", { "content-type": "application/json; charset=UTF-8" })).status).to.equal(200);
  });

  const refused: [string, string | undefined, Record<string, string>, number, string, string][] = [
    ["missing", undefined, {}, 400, "INVALID_REQUEST", "body"],
    ["empty", "", { "content-type": "application/json" }, 400, "INVALID_REQUEST", "body"],
    ["malformed", '{"a":', {}, 400, "INVALID_REQUEST", "body"],
    ["ambiguous", '{"a":1,"a":2}', {}, 400, "INVALID_REQUEST", "body"],
    ["followed by more", "{}{}", {}, 400, "INVALID_REQUEST", "body"],
    ["over the limit", JSON.stringify("x".repeat(59_999)), {}, 413, "PAYLOAD_TOO_LARGE", "body"],
    [
      "a form",
      "a=1",
      { "content-type": "application/x-www-form-urlencoded" },
      415,
      "UNSUPPORTED_MEDIA_TYPE",
      "Content-Type",
    ],
    ["plain text", "{}", { "content-type": "text/plain" }, 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type"],
    [
      "in another charset",
      "{}",
      { "content-type": "application/json; charset=latin1" },
      415,
      "UNSUPPORTED_MEDIA_TYPE",
      "Content-Type",
    ],
    [
      "in UTF-16",
      "{}",
      { "content-type": "application/json; charset=utf-16le" },
      415,
      "UNSUPPORTED_MEDIA_TYPE",
      "Content-Type",
    ],
    ["compressed", "{}", { "content-encoding": "gzip" }, 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Encoding"],
  ];
  it("may be nested 32 levels deep, and no deeper, however deep that is", async () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    expect((await post(nested(32))).status).to.equal(200);
    for (const depth of [33, 1_000, 30_000]) {
      const { status, body } = await post(nested(depth));
      expect(status).to.equal(400);
      expect(body.detail).to.equal("body: must be nested at most 32 levels deep");
    }
  });

  it("that is empty at its end is missing", async () => {
    const answer = await fetch(`http://127.0.0.1:${server.port}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: new Blob([]).stream(),
      duplex: "half",
    } as RequestInit);
    expect([answer.status, ((await answer.json()) as { detail: string }).detail]).to.deep.equal([
      400,
      "body: is missing; send a JSON object",
    ]);
  });

  it("that is not UTF-8 is refused, and not read as another text", async () => {
    const headers = { "content-type": "application/json" };
    const body = Buffer.from('{"a":"\xff"}', "latin1");
    const answer = await fetch(`http://127.0.0.1:${server.port}`, { method: "POST", headers, body });
    expect([answer.status, ((await answer.json()) as { detail: string }).detail]).to.deep.equal([
      400,
      "body: must be UTF-8",
    ]);
  });

  for (const [what, raw, headers, status, code, field] of refused) {
    it(`that is ${what} is refused with ${status} ${code}`, async () => {
      const answer = await post(raw, headers);
      expect(answer.status).to.equal(status);
      expect(answer.body).to.include({ code, field });
    });
  }
});

describe("Validation", () => {
  const schema = z.strictObject({ name: z.string(), inner: z.strictObject({ n: z.int() }).optional() });

  it("gives the value when all is well", () => {
    expect(validate(schema, { name: "a" })).to.deep.equal({ ok: true, value: { name: "a" } });
  });

  it("names each field at fault, nested ones by their path; the first leads", () => {
    const result = validate(schema, { inner: { n: 1.5 }, extra: 1, other: 2 });
    if (result.ok) throw new Error("it was taken");
    const { code, detail, errors = [] } = result.error;
    expect(code).to.equal("INVALID_REQUEST");
    expect(errors.map(({ field }) => field)).to.have.members(["name", "inner.n", "extra", "other"]);
    expect(detail).to.equal(`${errors[0]?.field}: ${errors[0]?.message}`);
  });

  it("calls what is no object at all the body", () => {
    const result = validate(schema, 7);
    expect(result.ok || result.error.errors?.[0]?.field).to.equal("body");
  });

  it("names at most 20 faults, and no more than 64 characters of a field that it does not know", () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`x${i}`.padEnd(1_000, "y"), 1]));
    const result = validate(schema, { name: "a", ...many });
    if (result.ok) throw new Error("it was taken");
    expect(result.error.errors?.length).to.equal(20);
    expect(result.error.errors?.every(({ field }) => field.length <= 64)).to.equal(true);
  });
});
