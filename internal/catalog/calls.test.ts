import { expect } from "chai";
import { createApp } from "../platform/http/app.ts";
import { openApiDocument } from "../platform/http/openapi.ts";
import { listen } from "../platform/http/server.ts";
import { Registry } from "../platform/metrics/metrics.ts";
import {
  describedCalls,
  expectServedAsDescribed,
  expectWellFormed,
  servedCalls,
} from "../testkit/openapi.ts";
import { recordingLogger } from "../testkit/recording-logger.ts";
import { ADMIN_CALLS } from "./admin-calls.ts";
import { adminRoutes } from "./admin-routes.ts";
import { CATALOG_CALLS } from "./calls.ts";
import { createFaults } from "./faults.ts";
import { CATALOG_PROBLEMS } from "./problems.ts";
import { loadProducts } from "./products.ts";
import { catalogRoutes } from "./routes.ts";

describe("The catalog stub's description", () => {
  const products = loadProducts(new URL("./seed.json", import.meta.url));
  const token = "the-admin-token-of-this-test";
  const app = createApp({
    log: recordingLogger().log,
    registry: new Registry(),
    problems: CATALOG_PROBLEMS,
    routes: (app) => {
      catalogRoutes(app, products, createFaults());
      adminRoutes(app, token, products, createFaults());
    },
  });
  const calls = { ...CATALOG_CALLS, ...ADMIN_CALLS };
  const api = { calls, problems: CATALOG_PROBLEMS };
  const document = openApiDocument({ title: "Catalog", server: "/", apis: [api] });

  it("is well-formed", () => expectWellFormed(document));

  it("has every route that Express serves, and no other", () => {
    expect(describedCalls(document)).to.have.members(servedCalls(app));
    expect(describedCalls(document)).to.have.length(7);
  });

  it("is what it serves, path by path and method by method", async () => {
    const server = await listen(app, { host: "127.0.0.1", port: 0 });
    const headers = { authorization: `Bearer ${token}` };
    await expectServedAsDescribed(document, `http://127.0.0.1:${server.port}`, headers);
    await server.close();
  });
});
