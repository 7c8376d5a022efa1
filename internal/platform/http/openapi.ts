import type { RequestHandler } from "express";
import { z } from "zod";
import { HTTP_PROBLEMS, mergeCatalogues, type ProblemCatalogue } from "../problem/catalogue.ts";
import type { Answer, Call, Calls, Headers, Parameter } from "./calls.ts";

/** What one feature has for clients. */
export interface Api {
  readonly calls: Calls;
  readonly problems: ProblemCatalogue;
  /** What some of its problems have besides the members that all have. */
  readonly members?: Readonly<Record<string, z.ZodType>>;
}

/** An OpenAPI document, as far as we write one. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
}

type Operation = ReturnType<typeof operationOf>;

/**
 * `apis` as one OpenAPI 3.1 document under the base path `server`. Throws
 * when two calls have the same name, or the same path and method, or two schemas or members the same name.
 */
export function openApiDocument(options: {
  title: string;
  server: string;
  apis: readonly Api[];
  /** Codes that any call can be refused with before it is known which one it is. */
  beforeRouting?: readonly string[];
  /** The header of internal tokens where they are asked for, and not `Authorization: Bearer`. */
  tokenHeader?: string;
}): OpenApiDocument {
  const problems = mergeCatalogues([HTTP_PROBLEMS, ...options.apis.map((api) => api.problems)]);
  const problem = problemSchema(problems, mergeMembers(options.apis));
  const [scheme, tokens] = tokensIn(options.tokenHeader);
  const calls = options.apis.flatMap((api) => Object.entries(api.calls));
  const paths: Record<string, Record<string, Operation>> = {};
  const schemas = new Map<string, z.ZodType>([["Problem", problem]]);
  const ids = new Set<string>();
  for (const [id, call] of calls) {
    const item = paths[call.path] ?? {};
    paths[call.path] = item;
    if (item[call.method] || ids.has(id)) throw new Error(`${id} (${call.path}) is described twice`);
    ids.add(id);
    const beforeRouting = options.beforeRouting ?? [];
    item[call.method] = operationOf(id, call, { problems, beforeRouting, isBearer: scheme === BEARER });
    for (const { body } of call.answers) {
      if (body && (schemas.get(body.name) ?? body.schema) !== body.schema)
        throw new Error(`the schema ${body.name} is described twice`);
      if (body) schemas.set(body.name, body.schema);
    }
  }
  return {
    openapi: "3.1.0",
    info: { title: options.title, version: "1" },
    servers: [{ url: options.server }],
    security: [{ [scheme]: [] }],
    paths,
    components: {
      securitySchemes: { [scheme]: tokens },
      schemas: Object.fromEntries([...schemas].map(([name, schema]) => [name, jsonSchema(schema, "output")])),
    },
  } as OpenApiDocument;
}

/** Answers with `document`, written once. */
export function sendDocument(document: OpenApiDocument): RequestHandler {
  // Of a string each connection that does not read would hold a copy.
  const bytes = Buffer.from(JSON.stringify(document));
  return (_req, res) => {
    res.setHeader("content-type", "application/json; charset=utf-8");
    res.end(bytes);
  };
}

/** The call of a server that describes itself at `path`. */
export function descriptionCall<Code extends string>(path: string, problems: readonly Code[]): Call<Code> {
  const document = { name: "OpenApiDocument", schema: DOCUMENT };
  const answers = [{ status: 200, description: "OpenAPI 3.1", body: document }];
  return { method: "get", path, summary: "This description", answers, problems };
}

const BEARER = "bearer";
const DOCUMENT = z.looseObject({ openapi: z.string() });

function tokensIn(header: string | undefined): [scheme: string, described: object] {
  if (header === undefined) return [BEARER, { type: "http", scheme: "bearer", bearerFormat: "JWT" }];
  return ["internalToken", { type: "apiKey", in: "header", name: header }];
}

function mergeMembers(apis: readonly Api[]): Record<string, z.ZodType> {
  const merged: Record<string, z.ZodType> = {};
  for (const [name, schema] of apis.flatMap(({ members = {} }) => Object.entries(members))) {
    if (merged[name] !== undefined) throw new Error(`the member ${name} of problems is described twice`);
    merged[name] = schema.optional();
  }
  return merged;
}

function problemSchema(problems: ProblemCatalogue, members: Record<string, z.ZodType>): z.ZodType {
  return z.looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(problems)),
    detail: z.string(),
    instance: z.string(),
    field: z.string().optional(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
    ...members,
  });
}

/** What describes the refusals of all calls of a document. */
interface Refusals {
  readonly problems: ProblemCatalogue;
  readonly beforeRouting: readonly string[];
  /** Whether tokens are asked for by `WWW-Authenticate`. */
  readonly isBearer: boolean;
}

function operationOf(id: string, call: Call, { problems: catalogue, beforeRouting, isBearer }: Refusals) {
  const { summary, isPublic = false, parameters = [], body, answers, headers = {}, problems } = call;
  const refusals = Map.groupBy(problems, (code) => {
    const kind = catalogue[code];
    if (kind === undefined) throw new Error(`${id} can be refused as ${code}, which no catalogue has`);
    return kind.status;
  });
  const responses: Record<string, object> = {};
  for (const answer of answers)
    responses[answer.status] = responseOf({ ...answer, headers: { ...headers, ...answer.headers } });
  for (const [status, codes] of refusals) {
    const told = { ...headers, ...(isBearer && status === 401 && CHALLENGE) };
    responses[status] = refusalOf(codes, catalogue, told);
  }
  if (beforeRouting.length > 0)
    responses.default = refusalOf(beforeRouting, catalogue, headers, "Before the call is reached: ");
  return {
    operationId: id,
    summary,
    ...(isPublic && { security: [] }),
    ...(parameters.length > 0 && { parameters: parameters.map(parameterOf) }),
    ...(body && { requestBody: { required: true, content: json(jsonSchema(body, "input")) } }),
    responses,
  };
}

function refusalOf(codes: readonly string[], catalogue: ProblemCatalogue, headers: Headers, when = "") {
  const later = codes.filter((code) => catalogue[code]?.retryAfter);
  const description = `seconds after which a repeat may succeed; where it helps, with ${later.join(", ")}`;
  return {
    description: when + codes.join(", "),
    ...headersOf({
      ...headers,
      ...(later.length > 0 && { "Retry-After": { description, schema: SECONDS } }),
    }),
    content: { "application/problem+json": { schema: ref("Problem") } },
  };
}

const SECONDS = z.string().regex(/^\d+$/);
const CHALLENGE = {
  "WWW-Authenticate": {
    description: "what is wrong with the token (RFC 6750 section 3)",
    schema: z.string(),
  },
};

function parameterOf({ name, in: where, required, description, schema }: Parameter) {
  return {
    name,
    in: where,
    required: required === true || where === "path",
    ...(description !== undefined && { description }),
    schema: jsonSchema(schema, "input"),
  };
}

function responseOf({ description, headers, body }: Answer) {
  return { description, ...headersOf(headers), ...(body && { content: json(ref(body.name)) }) };
}

function headersOf(headers: Headers = {}) {
  const described = Object.entries(headers).map(([name, header]) => [
    name,
    { description: header.description, schema: jsonSchema(header.schema, "output") },
  ]);
  return described.length > 0 && { headers: Object.fromEntries(described) };
}

const json = (schema: object) => ({ "application/json": { schema } });

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** Without `$schema`: OpenAPI 3.1 says once for all that it is JSON Schema 2020-12. */
function jsonSchema(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
