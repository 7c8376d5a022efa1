import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { type GatewayUnderTest, startGateway } from "./gateway.ts";
import { type RecordingUpstream, startUpstream } from "./recording-upstream.ts";

/** How a catalog of a test's own answers: the version of its products, and the headers beside it. */
interface Catalog {
  version: number;
  cacheControl: string | null;
  /** Other headers of each answer. */
  headers: Record<string, string>;
  /** In place of all that. */
  answer: RequestListener | null;
}

/** A gateway that caches, before a catalog that a test plays; both anew for each test of the suite. */
export function playCatalog() {
  const { now } = Date;
  let time = now();
  const scene = {
    upstream: undefined as unknown as RecordingUpstream,
    gateway: undefined as unknown as GatewayUnderTest,
    catalog: undefined as unknown as Catalog,
    /** Puts another gateway in place of the one at hand. */
    async gatewayWith(options: Omit<Parameters<typeof startGateway>[0], "cartUrl">) {
      await scene.gateway?.close();
      scene.gateway = await startGateway({ cartUrl: scene.upstream.url, ...options });
    },
    read: (headers: Record<string, string> = {}, path = "/mug", method = "GET") =>
      fetch(`${scene.gateway.url}/api/catalog/products${path}`, { method, headers, redirect: "manual" }),
    /** Reads, and gives what tells of the cache. */
    async seen(headers: Record<string, string> = {}, path = "/mug") {
      const answer = await scene.read(headers, path);
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(`${answer.status}: ${text}`);
      const { version } = JSON.parse(text) as { version: number };
      return { version, cache: answer.headers.get("cache-status"), age: answer.headers.get("age") };
    },
    /** Moves the clock that the cache goes by, which stands still otherwise. */
    later(seconds: number) {
      time += seconds * 1000;
    },
    /** How often the catalog was asked. */
    calls: () => scene.upstream.asked.length,
    outcome: (outcome: string) => scene.gateway.metric(`gateway_cache_requests_total{outcome="${outcome}"}`),
  };
  beforeEach(async () => {
    time = now();
    Date.now = () => time;
    scene.catalog = { version: 1, cacheControl: "max-age=60", headers: {}, answer: null };
    scene.upstream = await startUpstream((req, res) => {
      // It would be of the real clock.
      res.sendDate = false;
      (scene.catalog.answer ?? describeProduct)(req, res);
    });
    await scene.gatewayWith({});
  });
  afterEach(async () => {
    Date.now = now;
    await scene.gateway.close();
    await scene.upstream.close();
  });

  function describeProduct(req: IncomingMessage, res: ServerResponse): void {
    const { version, cacheControl, headers } = scene.catalog;
    const etag = `"v${version}"`;
    for (const [name, value] of Object.entries({ etag, ...headers })) res.setHeader(name, value);
    if (cacheControl !== null) res.setHeader("cache-control", cacheControl);
    if (req.headers["if-none-match"] === etag) res.writeHead(304).end();
    else res.setHeader("content-type", "application/json").end(JSON.stringify({ version }));
  }
  return scene;
}
