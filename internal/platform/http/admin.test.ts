import { expect } from "chai";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import { createTracedHistogram, type TracedHistogram } from "../metrics/exemplars.ts";
import { Counter, Gauge, Registry } from "../metrics/metrics.ts";
import { useTracer } from "../telemetry/telemetry.ts";
import { startAdminServer } from "./admin.ts";
import type { HttpServer } from "./server.ts";

describe("The admin port", () => {
  let server: HttpServer;
  let reasons: string[];
  let notes: string[];
  let stops: string[];
  let measure: () => number;
  let durations: TracedHistogram<never>;
  before(async () => {
    stops = [];
    const registry = new Registry();
    registry.setDefaultLabels({ process: "admin" });
    durations = createTracedHistogram({ name: "duration_seconds", help: "d", buckets: [1, 2], registry });
    new Counter({ name: "things_total", help: "things", registers: [registry] }).inc(3);
    new Gauge({
      name: "depth",
      help: "measured when scraped",
      registers: [registry],
      async collect() {
        this.set(measure());
      },
    });
    const lifecycle: Lifecycle = {
      onStopping: () => {},
      onStop: (name) => void stops.push(name),
      addCheck: () => {},
      addNote: () => {},
      notes: () => notes,
      ready: () => {},
      notReady: async () => reasons,
      stop: async () => {},
    };
    server = await startAdminServer({ lifecycle, registry, host: "127.0.0.1", port: 0 });
  });
  beforeEach(() => {
    reasons = [];
    notes = [];
    measure = () => 7;
  });
  after(() => server.close());
  const call = async (path: string, method = "GET", accept = "*/*") => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method, headers: { accept } });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  it("is alive while it answers, ready or not", async () => {
    reasons = ["starting"];
    expect(await call("/healthz")).to.include({ status: 200, text: '{"status":"ok"}' });
  });

  it("tells beside its readiness what does not change it", async () => {
    notes = ["broker: a queue is full"];
    expect(JSON.parse((await call("/readyz")).text)).to.deep.equal({ status: "ready", notes });
  });

  it("is ready without reasons against it, and names them otherwise", async () => {
    expect(await call("/readyz?x=1")).to.include({ status: 200, text: '{"status":"ready"}' });
    reasons = ["redis: gone"];
    expect(await call("/readyz")).to.include({
      status: 503,
      text: '{"status":"not ready","reasons":["redis: gone"]}',
    });
  });

  it("shows the metrics as Prometheus reads them", async () => {
    const { status, headers, text } = await call("/metrics");
    expect(status).to.equal(200);
    expect(headers.get("content-type")).to.match(/^text\/plain; version=0\.0\.4/);
    expect(text).to.include('things_total{process="admin"} 3');
    expect(text).not.to.include("trace_id");
  });

  it("shows who accepts OpenMetrics which recorded trace fell into a bucket last, and nothing else otherwise", async () => {
    const traceIds = ["1", "2", "3"].map((digit) => digit.repeat(32));
    const [recorded, quiet] = [
      `00-${traceIds[0]}-aaaaaaaaaaaaaaaa-01`,
      `00-${traceIds[1]}-aaaaaaaaaaaaaaaa-00`,
    ];
    useTracer({ start: () => expect.fail("no span is made of a measurement") });
    durations.observe({}, 0.5, recorded);
    durations.observe({}, 0.7, quiet);
    durations.observe({}, 1.5, null);
    useTracer(null);
    durations.observe({}, 0.8, `00-${traceIds[2]}-aaaaaaaaaaaaaaaa-01`);
    const accepted = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.3";
    const { status, headers, text } = await call("/metrics", "GET", accepted);
    expect(status).to.equal(200);
    expect(headers.get("content-type")).to.match(/^application\/openmetrics-text; version=1\.0\.0/);
    expect(text.match(/^.*trace_id.*$/gm)).to.have.length(1);
    expect(text).to.match(
      /^duration_seconds_bucket\{le="1",process="admin"\} 3 # \{trace_id="1{32}"\} 0\.5 \d+/m,
    );
    expect(text).to.include('# TYPE things counter\nthings_total{process="admin"} 3');
    expect(text).to.match(/\n# EOF\n$/);
    expect((await call("/metrics")).text).to.include(
      '# TYPE things_total counter\nthings_total{process="admin"} 3',
    );
  });

  it("says so when a metric cannot be measured, and goes on", async () => {
    measure = () => {
      throw new Error("the well is dry");
    };
    expect(await call("/metrics")).to.include({
      status: 500,
      text: '{"status":"not measured","reason":"the well is dry"}',
    });
    measure = () => 8;
    expect((await call("/metrics")).text).to.include('depth{process="admin"} 8');
  });

  it("takes only GET and HEAD, and has nothing else", async () => {
    const answer = await call("/metrics", "POST");
    expect([answer.status, answer.headers.get("allow")]).to.deep.equal([405, "GET, HEAD"]);
    expect((await call("/healthz", "HEAD")).status).to.equal(200);
    expect((await call("/")).status).to.equal(404);
  });

  it("is closed with the process", () => {
    expect(stops).to.deep.equal(["admin server"]);
  });
});
