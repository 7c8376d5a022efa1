import type { RequestListener, ServerResponse } from "node:http";
import { createHttpCatalog } from "../cart/catalog/catalog.http.ts";
import { listen } from "../platform/http/server.ts";
import { Registry } from "../platform/metrics/metrics.ts";
import { recordingLogger } from "./recording-logger.ts";

export const json = (res: ServerResponse, value: unknown) =>
  res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));

/** A client of a catalog that answers whatever a test likes. */
export async function startCatalogOf(
  answer: RequestListener,
  options: Partial<Parameters<typeof createHttpCatalog>[0]> = {},
) {
  const bench = { answer };
  const server = await listen((req, res) => bench.answer(req, res), { host: "127.0.0.1", port: 0 });
  const { log, lines } = recordingLogger();
  const catalog = createHttpCatalog({
    url: `http://127.0.0.1:${server.port}/base/`,
    timeoutMs: 1_000,
    cacheTtlMs: 60_000,
    currency: "EUR",
    log,
    registry: new Registry(),
    ...options,
  });
  return Object.assign(bench, {
    catalog,
    lines,
    codeOf: async (id: string, owner = "guest:a") => {
      const result = await catalog.product(id, owner);
      return result.ok ? "OK" : result.error.code;
    },
    close: async () => {
      await catalog.close();
      await server.close();
    },
  });
}
