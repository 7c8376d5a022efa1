import { expect } from "chai";
import { request } from "../../testkit/shopper.ts";
import { createLogger } from "../logger/logger.ts";
import { Registry } from "../metrics/metrics.ts";
import { createApp } from "./app.ts";
import { byDeadline, refuseLate } from "./deadline.ts";
import { type HttpServer, listen } from "./server.ts";

describe("A request's deadline", () => {
  let server: HttpServer;
  let url: string;
  let served: number;
  let registry: Registry;
  beforeEach(async () => {
    served = 0;
    registry = new Registry();
    const app = createApp({
      log: createLogger("test", "fatal"),
      registry,
      problems: {
        DEADLINE_PASSED: { status: 503, title: "The request's deadline has passed", retryAfter: true },
      },
      routes: (app) => {
        app.use(refuseLate(registry));
        app.post("/things", (_req, res) => {
          served++;
          res.json({});
        });
      },
    });
    server = await listen(app, { host: "127.0.0.1", port: 0 });
    url = `http://127.0.0.1:${server.port}`;
  });
  afterEach(() => server.close());

  const ask = (deadline?: string) =>
    request(url, "POST", "/things", {
      headers: deadline === undefined ? {} : { "x-request-deadline": deadline },
    });

  it("that has passed: it is refused, nothing is done, and it is counted", async () => {
    const { status, body, headers } = await ask(String(Date.now() - 1));
    expect([status, body.code, headers.get("retry-after")]).to.deep.equal([503, "DEADLINE_PASSED", "1"]);
    expect(served).to.equal(0);
    expect(await registry.metrics()).to.include("\nhttp_requests_late_total 1\n");
  });

  it("that is to come, or is not named: it is served", async () => {
    for (const deadline of [undefined, String(Date.now() + 60_000)])
      expect((await ask(deadline)).status, deadline).to.equal(200);
    expect(served).to.equal(2);
  });

  it("that is no time is refused, with the field's name", async () => {
    for (const deadline of ["soon", "-1", "1e20", ""]) {
      const { status, body } = await ask(deadline);
      expect([status, body.errors?.[0].field], deadline).to.deep.equal([400, "X-Request-Deadline"]);
    }
    expect(served).to.equal(0);
  });

  it("ends what is waited for, and no earlier", async () => {
    const never = new Promise<string>(() => {});
    expect(await byDeadline(Date.now() + 5, never, "late")).to.equal("late");
    expect(await byDeadline(Date.now() - 5, never, "late")).to.equal("late");
    expect(await byDeadline(Date.now() + 60_000, Promise.resolve("done"), "late")).to.equal("done");
    expect(await byDeadline(null, Promise.resolve("done"), "late")).to.equal("done");
  });
});
