import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { Request, Response } from "express";
import { z } from "zod";
import { expectWellFormed } from "../../testkit/openapi.ts";
import type { Call } from "./calls.ts";
import { type Api, openApiDocument, sendDocument } from "./openapi.ts";

describe("An OpenAPI document", () => {
  const page = z.object({ next: z.string().nullable() });
  const list: Call = {
    method: "get",
    path: "/things",
    summary: "Things",
    isPublic: true,
    parameters: [
      { name: "limit", in: "query", schema: z.string().regex(/^\d$/).transform(Number).optional() },
    ],
    answers: [{ status: 200, description: "Some", body: { name: "Page", schema: page } }],
    problems: ["NOT_FOUND", "SOLD_OUT", "GONE"],
  };
  const put: Call = {
    method: "put",
    path: "/things/{id}",
    summary: "A thing",
    parameters: [{ name: "id", in: "path", description: "which", schema: z.string() }],
    body: z.strictObject({ size: z.int().default(1) }),
    answers: [
      { status: 204, description: "Done", headers: { ETag: { description: "it", schema: z.string() } } },
    ],
    problems: [],
  };
  const problems = {
    SOLD_OUT: { status: 409, title: "Sold out", retryAfter: true },
    GONE: { status: 409, title: "Gone" },
  } as const;
  const write = (...apis: Api[]) => openApiDocument({ title: "Shop", server: "/v1", apis });

  it("says of a call how it is asked and answered", () => {
    const document = write({ calls: { list, put }, problems });
    expectWellFormed(document);
    const problem = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
    expect(document.paths["/things"]!.get).to.deep.equal({
      operationId: "list",
      summary: "Things",
      security: [],
      parameters: [
        { name: "limit", in: "query", required: false, schema: { type: "string", pattern: "^\\d$" } },
      ],
      responses: {
        200: {
          description: "Some",
          content: { "application/json": { schema: { $ref: "#/components/schemas/Page" } } },
        },
        404: { description: "NOT_FOUND", content: problem },
        409: {
          description: "SOLD_OUT, GONE",
          headers: {
            "Retry-After": {
              description: "seconds after which a repeat may succeed; where it helps, with SOLD_OUT",
              schema: { type: "string", pattern: "^\\d+$" },
            },
          },
          content: problem,
        },
      },
    });
    expect(document.paths["/things/{id}"]!.put).to.deep.equal({
      operationId: "put",
      summary: "A thing",
      parameters: [
        { name: "id", in: "path", required: true, description: "which", schema: { type: "string" } },
      ],
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: {
              type: "object",
              properties: {
                size: { type: "integer", default: 1, minimum: -(2 ** 53) + 1, maximum: 2 ** 53 - 1 },
              },
              additionalProperties: false,
            },
          },
        },
      },
      responses: {
        204: { description: "Done", headers: { ETag: { description: "it", schema: { type: "string" } } } },
      },
    });
  });

  it("of several features knows the codes of all, each once", () => {
    const { components } = write({ calls: { list }, problems }, { calls: { put }, problems });
    const { properties } = components.schemas.Problem as { properties: { code: { enum: string[] } } };
    expect(properties.code.enum).to.include.members(["INTERNAL", "SOLD_OUT", "GONE"]);
  });

  it("says which parameters a call does not do without, and what its problems have besides", () => {
    const key = { name: "Idempotency-Key", in: "header", schema: z.string(), required: true } as const;
    const calls = { put: { ...put, parameters: [...put.parameters!, key] } };
    const { paths, components } = write({ calls, problems, members: { left: z.int() } });
    const { parameters } = paths["/things/{id}"]!.put!;
    expect(parameters!.map(({ name, required }) => [name, required])).to.deep.equal([
      ["id", true],
      ["Idempotency-Key", true],
    ]);
    const { properties, required } = components.schemas.Problem as {
      properties: Record<string, { type: string }>;
      required: string[];
    };
    expect(properties.left!.type).to.equal("integer");
    expect(required).to.not.include("left");
    const other = { calls: {}, problems, members: { left: z.string() } };
    expect(() => write({ calls, problems, members: { left: z.int() } }, other)).to.throw(
      "the member left of problems is described twice",
    );
  });

  it("says in which header services bring their tokens", () => {
    const document = openApiDocument({ title: "Shop", server: "/", apis: [], tokenHeader: "x-token" });
    expect(document.components).to.deep.include({
      securitySchemes: { internalToken: { type: "apiKey", in: "header", name: "x-token" } },
    });
    expect(document).to.deep.include({ security: [{ internalToken: [] }] });
  });

  it("says what every answer may say, and what asks for a bearer token", () => {
    const told = { Told: { description: "it", schema: z.string() } };
    const calls = { put: { ...put, headers: told, problems: ["NOT_FOUND", "ANONYMOUS"] } };
    const apis = [{ calls, problems: { ANONYMOUS: { status: 401, title: "Who?" } } }];
    const headers = (tokenHeader?: string) => {
      const options = { title: "Shop", server: "/", apis, beforeRouting: ["NOT_FOUND"] };
      const { paths } = openApiDocument({ ...options, ...(tokenHeader && { tokenHeader }) });
      const responses = paths["/things/{id}"]!.put!.responses as Record<string, { headers: object }>;
      return Object.entries(responses).map(([status, { headers }]) => [status, ...Object.keys(headers)]);
    };
    const others = [
      ["204", "Told", "ETag"],
      ["404", "Told"],
      ["default", "Told"],
    ];
    expect(headers()).to.have.deep.members([...others, ["401", "Told", "WWW-Authenticate"]]);
    expect(headers("x-token")).to.have.deep.members([...others, ["401", "Told"]]);
  });

  it("is not written when two calls have one name or one place, or two schemas one name", () => {
    const otherPage = {
      ...list,
      path: "/pages",
      answers: [{ ...list.answers[0]!, body: { name: "Page", schema: z.string() } }],
    };
    for (const [second, fault] of [
      [{ list: { ...list, path: "/other" } }, "list (/other) is described twice"],
      [{ again: list }, "again (/things) is described twice"],
      [{ other: otherPage }, "the schema Page is described twice"],
    ] as const)
      expect(() => write({ calls: { list }, problems }, { calls: second, problems })).to.throw(fault);
  });

  it("is not written with a code that no catalogue has", () => {
    expect(() => write({ calls: { list }, problems: {} })).to.throw("list can be refused as SOLD_OUT");
  });

  it("is sent from the same bytes to all who read it, whole and with its length", async () => {
    const document = write({ calls: { list }, problems });
    const [handler, sent] = [sendDocument(document), [] as unknown[]];
    const server = createServer((req, res) => {
      const end = res.end.bind(res) as (bytes: unknown) => typeof res;
      res.end = (bytes?: unknown) => {
        sent.push(bytes);
        return end(bytes);
      };
      handler(req as Request, res as Response, () => {});
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    for (let time = 0; time < 2; time++) {
      const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      const text = await answer.text();
      expect(JSON.parse(text)).to.deep.equal(document);
      expect(answer.headers.get("content-length")).to.equal(String(Buffer.byteLength(text)));
    }
    server.close().closeAllConnections();
    expect(sent[0]).to.be.instanceOf(Buffer).and.to.equal(sent[1]);
  });
});
