import { expect } from "chai";
import type { Express } from "express";
import type { OpenApiDocument } from "../platform/http/openapi.ts";
import { request } from "./shopper.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Headers that clients can go by. */
const TOLD_IN = [
  "Age",
  "Cache-Status",
  "ETag",
  "Idempotent-Replayed",
  "Location",
  "Outbox-State",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
  "WWW-Authenticate",
];

/** The calls of a document as `GET /path/{id}`. */
export function describedCalls({ paths }: OpenApiDocument): string[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

/** The calls that an Express app has handlers for, in the same form. Fails on a router within the app. */
export function servedCalls(app: Express): string[] {
  return app.router.stack.flatMap(({ name, route }) => {
    expect(name, "a nested router's routes cannot be seen here").not.to.equal("router");
    if (!route) return [];
    const { methods } = route as unknown as { methods: Record<string, boolean> };
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    return Object.keys(methods).flatMap((method) =>
      method === "_all" ? [] : `${method.toUpperCase()} ${path}`,
    );
  });
}

/**
 * Calls every path of the document with every method: what is described is served (HEAD with GET), and any
 * other method is 405 with `Allow` naming the described ones. `url` is what the paths are below.
 */
export async function expectServedAsDescribed(
  document: OpenApiDocument,
  url: string,
  headers: Record<string, string>,
): Promise<void> {
  for (const [path, item] of Object.entries(document.paths)) {
    const described = Object.keys(item).flatMap((method) =>
      method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()],
    );
    for (const method of METHODS) {
      const answer = await request(url, method, path.replace(/\{\w+\}/g, "mug-steel"), { headers });
      const call = `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)?.slice(0, 200)}`;
      if (described.includes(method)) {
        expect(answer.status, call).not.to.equal(405);
        expect(answer.body?.code, call).not.to.equal("NOT_FOUND");
        expectDescribedAnswer(document, path, method, answer);
      } else {
        expect(answer.status, call).to.equal(405);
        expect(answer.headers.get("allow")?.split(", "), call).to.have.members(described);
      }
    }
  }
}

/** The path of the document that describes a request's; undefined when there is none with this method. */
export function pathIn({ paths }: OpenApiDocument, method: string, url: string): string | undefined {
  return Object.keys(paths).find(
    (path) =>
      paths[path]![method.toLowerCase()] && new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`).test(url),
  );
}

/**
 * The status of an answer, what it says in headers of our own, and a problem's code and members, are among
 * what the document names for the call.
 */
export function expectDescribedAnswer(
  document: OpenApiDocument,
  path: string,
  method: string,
  // biome-ignore lint/suspicious/noExplicitAny: whatever came
  answer: { status: number; headers: Headers; body: any },
): void {
  const operation = document.paths[path]![method === "HEAD" ? "get" : method.toLowerCase()]!;
  const response = operation.responses[String(answer.status)] as
    | { description: string; headers?: object }
    | undefined;
  const call = `${method} ${path} answers ${answer.status} ${answer.body?.code ?? ""}`;
  expect(response, call).to.not.equal(undefined);
  const headers = Object.keys(response?.headers ?? {});
  for (const name of TOLD_IN) if (answer.headers.has(name)) expect(headers, call).to.include(name);
  if (answer.status < 400) return;
  if (method === "HEAD") return;
  expect(response?.description.split(", "), call).to.include(answer.body.code);
  const { properties } = document.components.schemas.Problem as { properties: object };
  expect(properties, call).to.include.keys(Object.keys(answer.body));
}

/** What OpenAPI 3.1 demands of a document beyond its shape, which the types of its writer hold. */
export function expectWellFormed(document: OpenApiDocument): void {
  expect(document.openapi).to.match(/^3\.1\.\d+$/);
  const text = JSON.stringify(document);
  const known = Object.keys(document.components.schemas);
  const used = [...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, ref]) => ref!);
  expect(new Set(used)).to.deep.equal(new Set(known.map((name) => `#/components/schemas/${name}`)));
  const ids = new Set<string>();
  for (const [path, item] of Object.entries(document.paths)) {
    expect(path).to.match(/^(\/[\w.-]+|\/\{\w+\})+$/);
    for (const [method, { operationId, summary, responses, ...more }] of Object.entries(item)) {
      const call = `${method} ${path}`;
      expect(ids.has(operationId), `${operationId} is there twice`).to.equal(false);
      ids.add(operationId);
      expect(summary, call).to.not.equal("");
      expect(Object.keys(responses).filter((status) => status < "400").length, call).to.be.at.least(1);
      expect(
        Object.keys(responses).every((status) => /^([2-5]\d\d|default)$/.test(status)),
        call,
      ).to.equal(true);
      // Of a DELETE 3.1 permits it: ending a session takes its refresh token, which has no place in a URL.
      expect("requestBody" in more && method === "get", call).to.equal(false);
      const parameters = more.parameters ?? [];
      expect(new Set(parameters.map((each) => `${each.in} ${each.name}`)).size).to.equal(parameters.length);
      const inPath = parameters.filter((each) => each.in === "path" && each.required);
      const placeholders = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(
        inPath.map(({ name }) => name),
        call,
      ).to.have.members(placeholders);
    }
  }
}
