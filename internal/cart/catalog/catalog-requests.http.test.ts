import { expect } from "chai";
import { listen } from "../../platform/http/server.ts";
import { Registry } from "../../platform/metrics/metrics.ts";
import { inSpan, startSpan, useTracer, within } from "../../platform/telemetry/telemetry.ts";
import { recordedTrace, recordSpans } from "../../testkit/recorded-spans.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { createCatalogRequests } from "./catalog-requests.http.ts";

describe("A request to the catalog", () => {
  afterEach(() => useTracer(null));

  it("is a span that says by OpenTelemetry's conventions what was asked, of whom, and what came", async () => {
    const server = await listen(
      (req, res) => void res.writeHead(req.url?.endsWith("/mug") ? 200 : 503).end('{"id":"mug"}'),
      { host: "127.0.0.1", port: 0 },
    );
    const { log } = recordingLogger();
    const url = `http://127.0.0.1:${server.port}/v2/`;
    const requests = createCatalogRequests({ url, timeoutMs: 5_000, log, registry: new Registry() });
    const spans = recordSpans();
    await within(startSpan({ name: "request", parent: recordedTrace() }), () =>
      inSpan({ name: "look-up" }, async () => {
        await requests.get("/products/mug", (answer) => answer);
        await requests.get("/products/lamp", (answer) => answer).catch(() => {});
      }),
    );
    const [, lookUp, found, failed] = spans;
    expect(found).to.include({ name: "GET catalog", kind: "client", parent: lookUp!.traceparent });
    const about = {
      "http.request.method": "GET",
      "server.address": "127.0.0.1",
      "server.port": server.port,
    };
    expect(found!.attributes).to.deep.equal({
      ...about,
      "url.full": `http://127.0.0.1:${server.port}/v2/products/mug`,
      "http.response.status_code": 200,
    });
    expect(failed!.attributes).to.deep.equal({
      ...about,
      "url.full": `http://127.0.0.1:${server.port}/v2/products/lamp`,
      "http.response.status_code": 503,
    });
    expect([found!.error, failed!.error]).to.satisfy(
      ([none, error]: unknown[]) => none === undefined && error instanceof Error,
    );
    await requests.close();
    await server.close();
  });
});
