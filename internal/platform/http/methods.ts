import type { IRouter, RequestHandler } from "express";
import { refuse } from "./refuse.ts";

type Method = "get" | "post" | "put" | "patch" | "delete";

/**
 * Registers the handlers of one path; every other method gets
 * 405 with `Allow`. HEAD follows GET, as in Express.
 */
export function methods(
  router: IRouter,
  path: string,
  handlers: Partial<Record<Method, RequestHandler | RequestHandler[]>>,
): void {
  const route = router.route(path);
  const allowed: string[] = [];
  for (const [method, handler] of Object.entries(handlers) as [Method, RequestHandler][]) {
    route[method](handler);
    allowed.push(method.toUpperCase());
    if (method === "get") allowed.push("HEAD");
  }
  const allow = allowed.join(", ");
  route.all((req, res) =>
    refuse(req, res, {
      code: "METHOD_NOT_ALLOWED",
      detail: `This path takes ${allow}.`,
      errors: [{ field: "method", message: `must be one of ${allow}` }],
      headers: { allow },
    }),
  );
}
