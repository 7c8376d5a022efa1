import type { RequestHandler } from "express";
import { z } from "zod";

export const faultsBody = z.strictObject({
  /** Added to every answer, ms. */
  delayMs: z.number().int().min(0).max(60_000).default(0),
  /** Share of requests that fail. */
  failRate: z.number().min(0).max(1).default(0),
  /** What they fail with. */
  status: z.number().int().min(500).max(599).default(503),
  /** Answer 200 with something that is no product. */
  nonsense: z.boolean().default(false),
});

export type FaultSettings = z.infer<typeof faultsBody>;

/** Makes the catalog slow, failing or nonsensical on purpose, for tests and demonstrations. */
export interface Faults {
  readonly middleware: RequestHandler;
  set(settings: FaultSettings): void;
  clear(): void;
}

export function createFaults(): Faults {
  let settings: FaultSettings | null = null;
  return {
    middleware: (_req, res, next) => {
      if (settings === null) return next();
      const { delayMs, failRate, status, nonsense } = settings;
      const timer = setTimeout(() => {
        if (Math.random() < failRate) res.status(status).end("out of order");
        else if (nonsense) res.status(200).type("html").end("<h1>It works!</h1>");
        else next();
      }, delayMs);
      res.once("close", () => clearTimeout(timer));
    },
    set: (wanted) => {
      settings = wanted;
    },
    clear: () => {
      settings = null;
    },
  };
}
