import { expect } from "chai";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import { Counter, Gauge, Registry } from "../metrics/metrics.ts";
import { startAdminServer } from "./admin.ts";
import type { HttpServer } from "./server.ts";

describe("The admin port", () => {
  let server: HttpServer;
  let reasons: string[];
  let notes: string[];
  let stops: string[];
  let measure: () => number;
  before(async () => {
    stops = [];
    const registry = new Registry();
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
  const call = async (path: string, method = "GET") => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
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
    expect(text).to.include("things_total 3");
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
    expect((await call("/metrics")).text).to.include("depth 8");
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
