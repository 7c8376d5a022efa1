import { expect } from "chai";
import express, { type Express } from "express";
import { eventually } from "../../testkit/eventually.ts";
import { sendRaw } from "../../testkit/raw-client.ts";
import { recordedTrace, recordSpans } from "../../testkit/recorded-spans.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { request } from "../../testkit/shopper.ts";
import { Registry } from "../metrics/metrics.ts";
import { invalid, ProblemError } from "../problem/problem.ts";
import { useTracer } from "../telemetry/telemetry.ts";
import { createApp } from "./app.ts";
import { serveCalls } from "./calls.ts";
import { refuseWith } from "./refuse.ts";
import { type HttpServer, listen } from "./server.ts";

describe("An app", () => {
  const { log, lines } = recordingLogger();
  const registry = new Registry();
  let server: HttpServer;
  let url: string;
  before(async () => {
    const routes = (app: Express) => {
      const described = { summary: "", answers: [], problems: [] };
      const calls = {
        read: { ...described, method: "get", path: "/things/{id}" },
        put: { ...described, method: "put", path: "/things/{id}" },
        post: { ...described, method: "post", path: "/outer/inner" },
      } as const;
      serveCalls(app, calls, {
        read: (req, res) => void res.json({ id: req.params.id }),
        put: [express.json(), (req, res) => void res.json(req.body)],
        post: (_req, res) => void res.status(204).end(),
      });
      app.get("/refused", () => {
        throw new ProblemError(invalid("field", "is wrong"));
      });
      const refuse = refuseWith<"SOLD_OUT" | "FORGOTTEN">();
      app.get("/sold-out", (req, res) => refuse(req, res, { code: "SOLD_OUT", detail: "none left" }));
      // As a socket's event would: nothing catches what this throws.
      app.get("/forgotten", (req, res) => {
        setImmediate(() => refuse(req, res, { code: "FORGOTTEN", detail: "x" }));
      });
      app.get("/broken", async () => {
        throw new Error("a bug with password=hunter2");
      });
      app.get("/half", (_req, res) => {
        res.write("half");
        throw new Error("too late");
      });
    };
    const problems = { SOLD_OUT: { status: 409, title: "Sold out" } };
    server = await listen(createApp({ log, registry, problems, routes }), { host: "127.0.0.1", port: 0 });
    url = `http://127.0.0.1:${server.port}`;
  });
  after(() => server.close());

  const count = async (labels: string) => {
    const text = await registry.metrics();
    const line = text
      .split("\n")
      .find((each) => each.startsWith(`http_request_duration_seconds_count{${labels}}`));
    return Number(line?.split(" ").at(-1) ?? 0);
  };

  it("takes over a well-formed request id, makes one otherwise, and answers it always", async () => {
    const idFor = async (id?: string) =>
      (
        await request(url, "GET", "/things/1", { headers: id === undefined ? {} : { "x-request-id": id } })
      ).headers.get("x-request-id");
    expect(await idFor("a-B_9.x")).to.equal("a-B_9.x");
    for (const bad of [undefined, "", "a b", "ä", "x".repeat(129), '{"a":1}']) {
      expect(await idFor(bad), bad).to.match(/^[0-9a-f-]{36}$/);
    }
  });

  it("makes a span of each request, by OpenTelemetry's conventions, within the caller's trace", async () => {
    const spans = recordSpans();
    try {
      const traceparent = recordedTrace();
      for (const path of ["/things/7?secret=x", "/nothing/7"])
        await request(url, "GET", path, { headers: { traceparent } });
      await eventually("both have ended", () => spans.length === 2 && spans.every(({ ended }) => ended));
      expect(spans.map(({ name, kind, parent }) => [name, kind, parent])).to.deep.equal([
        ["GET /things/:id", "server", traceparent],
        ["GET", "server", traceparent],
      ]);
      const http = { "http.request.method": "GET", "url.scheme": "http" };
      expect(spans.map(({ attributes }) => attributes)).to.deep.equal([
        { ...http, "http.route": "/things/:id", "url.path": "/things/7", "http.response.status_code": 200 },
        { ...http, "url.path": "/nothing/7", "http.response.status_code": 404 },
      ]);
    } finally {
      useTracer(null);
    }
  });

  it("does not say what it is made of", async () => {
    const { headers } = await request(url, "GET", "/things/1");
    expect(headers.get("x-powered-by")).to.equal(null);
    expect(headers.get("etag")).to.equal(null);
  });

  it("answers unknown paths with 404 and the path without its query", async () => {
    const { status, body } = await request(url, "GET", "/nowhere?secret=1");
    expect(status).to.equal(404);
    expect(body).to.include({ code: "NOT_FOUND", instance: "/nowhere", field: "path" });
  });

  it("behind a gateway names the path that the client has asked for, before one it takes no word for it", async () => {
    const behind = createApp({ log, registry: new Registry(), isBehindGateway: true, routes: () => {} });
    const inner = await listen(behind, { host: "127.0.0.1", port: 0 });
    const instanceAt = async (base: string, prefix: string) =>
      (await request(base, "GET", "/nowhere", { headers: { "x-forwarded-prefix": prefix } })).body.instance;
    const innerUrl = `http://127.0.0.1:${inner.port}`;
    expect(await instanceAt(innerUrl, "/api/catalog")).to.equal("/api/catalog/nowhere");
    for (const wrong of ["//evil.test", "/api/", "/a?b", "api"])
      expect(await instanceAt(innerUrl, wrong), wrong).to.equal("/nowhere");
    expect(await instanceAt(url, "/api")).to.equal("/nowhere");
    await inner.close();
  });

  it("answers OPTIONS * for the server as a whole", async () => {
    const client = sendRaw(server.port, "OPTIONS * HTTP/1.1\nHost: x\n\n");
    await eventually("an answer", () => client.text().includes("\r\n\r\n"));
    expect(client.text()).to.match(/^HTTP\/1.1 204 [\s\S]*allow: GET, HEAD, POST, PUT, DELETE, OPTIONS/i);
    client.socket.destroy();
    await eventually("counted", async () => (await count('route="*",method="OPTIONS",status="204"')) === 1);
  });

  it("answers other methods of a known path with 405 and Allow; HEAD follows GET", async () => {
    for (const method of ["POST", "DELETE", "PATCH", "OPTIONS"]) {
      const { status, headers, body } = await request(url, method, "/things/1");
      expect([status, headers.get("allow"), body.field], method).to.deep.equal([
        405,
        "GET, HEAD, PUT",
        "method",
      ]);
    }
    expect((await request(url, "HEAD", "/things/1")).status).to.equal(200);
    expect((await request(url, "GET", "/outer/inner")).headers.get("allow")).to.equal("POST");
  });

  it("answers what a handler refuses as that problem, and logs nothing", async () => {
    lines.length = 0;
    const { status, body } = await request(url, "GET", "/refused");
    expect([status, body.code, body.field]).to.deep.equal([400, "INVALID_REQUEST", "field"]);
    expect(lines.filter(({ level }) => level !== "debug")).to.deep.equal([]);
  });

  it("answers the codes of the catalogue that it was given; any other is a bug, logged, and not answered", async () => {
    const known = await request(url, "GET", "/sold-out");
    expect([known.status, known.body.title, known.body.detail]).to.deep.equal([409, "Sold out", "none left"]);
    lines.length = 0;
    const unknown = await request(url, "GET", "/forgotten");
    expect([unknown.status, unknown.body.code]).to.deep.equal([500, "INTERNAL"]);
    expect(lines.filter(({ level }) => level === "error").length).to.equal(1);
  });

  it("answers a path that is not valid percent-encoding with 400", async () => {
    const { status, body } = await request(url, "GET", "/things/%E0%A4%A");
    expect([status, body.code, body.field]).to.deep.equal([400, "INVALID_REQUEST", "path"]);
  });

  it("answers a bug with 500 and the request id, tells nothing of it, and logs it once", async () => {
    lines.length = 0;
    const { status, body } = await request(url, "GET", "/broken", { headers: { "x-request-id": "r-1" } });
    expect([status, body.code]).to.deep.equal([500, "INTERNAL"]);
    expect(body.detail).to.include("r-1");
    expect(JSON.stringify(body)).not.to.match(/hunter2|stack|\.ts/);
    const errors = lines.filter(({ level }) => level === "error");
    expect(errors.map(({ msg, requestId, path }) => [msg, requestId, path])).to.deep.equal([
      ["request failed", "r-1", "/broken"],
    ]);
  });

  it("ends an answer that a bug cut short, so that half never looks whole", async () => {
    const read = fetch(`${url}/half`).then((response) => response.text());
    expect(await read.catch(() => "cut")).to.equal("cut");
    await eventually("it was counted as aborted", () => count('route="/half",method="GET",status="aborted"'));
  });

  it("counts requests by route, method and status, with a bound on each", async () => {
    for (const id of ["1", "2", "3"]) await request(url, "GET", `/things/${id}`);
    await eventually(
      "three",
      async () => (await count('route="/things/:id",method="GET",status="200"')) >= 3,
    );
    await request(url, "POST", "/outer/inner");
    await eventually("nested", () => count('route="/outer/inner",method="POST",status="204"'));
    await fetch(`${url}/nowhere/1`, { method: "PROPFIND" });
    await eventually("unmatched", () => count('route="unmatched",method="other",status="404"'));
    expect(await registry.metrics()).not.to.include("PROPFIND");
  });
});
