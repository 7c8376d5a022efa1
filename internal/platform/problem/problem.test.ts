import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { HTTP_PROBLEMS, mergeCatalogues } from "./catalogue.ts";
import { invalid, ProblemError, renderProblem, sendProblem } from "./problem.ts";

describe("A problem", () => {
  async function answerOf(listener: RequestListener) {
    const server = createServer(listener).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      return { response, text: await response.text() };
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  it("is written as RFC 9457 says, with its code, its field and its headers", async () => {
    const { response, text } = await answerOf((_req, res) =>
      sendProblem(res, HTTP_PROBLEMS, "/api/cart", {
        code: "METHOD_NOT_ALLOWED",
        detail: "This path takes GET.",
        errors: [{ field: "method", message: "must be GET" }],
        headers: { allow: "GET" },
      }),
    );
    expect(response.status).to.equal(405);
    expect(response.headers.get("content-type")).to.equal("application/problem+json; charset=utf-8");
    expect(response.headers.get("cache-control")).to.equal("no-store");
    expect(response.headers.get("allow")).to.equal("GET");
    expect(response.headers.get("content-length")).to.equal(String(Buffer.byteLength(text)));
    expect(JSON.parse(text)).to.deep.equal({
      type: "urn:cartwright:problem:method-not-allowed",
      title: "The method is not allowed here",
      status: 405,
      code: "METHOD_NOT_ALLOWED",
      detail: "This path takes GET.",
      instance: "/api/cart",
      field: "method",
      errors: [{ field: "method", message: "must be GET" }],
    });
  });

  it("may have members of its own", () => {
    const members = { "violated-policies": ["owner"] };
    const { text } = renderProblem(HTTP_PROBLEMS, "/", { code: "INTERNAL", detail: "x", members });
    expect(JSON.parse(text)).to.deep.include(members);
  });

  it("without a field names none", async () => {
    const { text } = await answerOf((_req, res) =>
      sendProblem(res, HTTP_PROBLEMS, "/", { code: "INTERNAL", detail: "ä" }),
    );
    expect(JSON.parse(text)).to.not.include.any.keys("field", "errors");
    expect(JSON.parse(text).detail).to.equal("ä");
  });

  it("that comes after an answer has begun ends it, so that half never looks whole", async () => {
    const seen = await answerOf((_req, res) => {
      res.write("half");
      sendProblem(res, HTTP_PROBLEMS, "/", { code: "INTERNAL", detail: "too late" });
    }).catch(() => "cut");
    expect(seen).to.equal("cut");
  });

  it("about a field leads with that field", () => {
    expect(invalid("quantity", "must be positive")).to.deep.equal({
      code: "INVALID_REQUEST",
      detail: "quantity: must be positive",
      errors: [{ field: "quantity", message: "must be positive" }],
    });
    expect(new ProblemError(invalid("a", "b"))).to.include({ name: "ProblemError", message: "a: b" });
  });

  it("is not written when the catalogue does not know its code", () => {
    const other = { code: "SOLD_OUT", detail: "x" };
    // @ts-expect-error the compiler sees it where the catalogue is known
    const compiled = () => renderProblem(HTTP_PROBLEMS, "/", other);
    expect(compiled).to.throw("SOLD_OUT is in no catalogue");
  });
});

describe("Catalogues of problem codes", () => {
  const gone = { GONE: { status: 410, title: "Gone" } };

  it("are merged", () => {
    expect(mergeCatalogues([HTTP_PROBLEMS, gone])).to.deep.equal({ ...HTTP_PROBLEMS, ...gone });
  });

  it("may share a code that means the same, and no other", () => {
    expect(mergeCatalogues([gone, { ...gone }])).to.deep.equal(gone);
    for (const other of [
      { status: 404, title: "Gone" },
      { status: 410, title: "Away" },
    ])
      expect(() => mergeCatalogues([gone, { GONE: other }])).to.throw("the problem code GONE is");
  });
});
