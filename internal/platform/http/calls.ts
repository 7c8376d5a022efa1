import type { IRouter, RequestHandler } from "express";
import type { z } from "zod";
import type { Problem } from "../problem/problem.ts";
import { refuse } from "./refuse.ts";

/** One call of an HTTP API without its handler. Express and the OpenAPI document are both fed from it. */
export interface Call<Code extends string = string> {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** As OpenAPI writes it: `/cart/items/{productId}`. */
  readonly path: string;
  readonly summary: string;
  /** True when no access token is needed. */
  readonly isPublic?: boolean;
  readonly parameters?: readonly Parameter[];
  /** Of a JSON body; null or absent where none is read. */
  readonly body?: z.ZodType | null;
  /** What comes when nothing is refused. */
  readonly answers: readonly Answer[];
  /** What every answer may say, a refusal too. */
  readonly headers?: Headers;
  /** Every code that a client can get. */
  readonly problems: readonly Code[];
}

/** A call's parameter; of a path it is required, elsewhere optional unless told. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: true;
  readonly description?: string;
  readonly schema: z.ZodType;
}

export type Headers = Readonly<Record<string, { readonly description: string; readonly schema: z.ZodType }>>;

export interface Answer {
  readonly status: number;
  readonly description: string;
  readonly headers?: Headers;
  /** Of a JSON body, by the name that it has in the document. */
  readonly body?: { readonly name: string; readonly schema: z.ZodType };
}

/** Calls by their `operationId`. */
export type Calls<Code extends string = string> = Readonly<Record<string, Call<Code>>>;

/**
 * Serves `calls`, each by the handlers of the same name; every other
 * method of their paths gets 405 with `Allow`. HEAD follows GET, as in Express.
 */
export function serveCalls<Id extends string>(
  router: IRouter,
  calls: Readonly<Record<Id, Call>>,
  handlers: Readonly<Record<Id, RequestHandler | RequestHandler[]>>,
): void {
  const ids = Object.keys(calls) as Id[];
  for (const [path, same] of Map.groupBy(ids, (id) => calls[id].path)) {
    const route = router.route(path.replace(/\{(\w+)\}/g, ":$1"));
    for (const id of same) route[calls[id].method](handlers[id]);
    const allow = allowOf(same.map((id) => calls[id].method));
    route.all((req, res) => refuse(req, res, methodNotAllowed(allow)));
  }
}

/** What `Allow` lists for a path with these methods. */
export function allowOf(methods: readonly Call["method"][]): string[] {
  return methods.flatMap((method) => (method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()]));
}

/** The refusal of another method than those `allowed`, which {@link allowOf} lists; with `Allow`. */
export function methodNotAllowed(allowed: readonly string[]): Problem {
  const allow = allowed.join(", ");
  return {
    code: "METHOD_NOT_ALLOWED",
    detail: `This path takes ${allow}.`,
    errors: [{ field: "method", message: `must be one of ${allow}` }],
    headers: { allow },
  };
}
