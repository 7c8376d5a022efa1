import { adminRoutes } from "../../internal/catalog/admin-routes.ts";
import { createFaults } from "../../internal/catalog/faults.ts";
import { CATALOG_PROBLEMS } from "../../internal/catalog/problems.ts";
import { loadProducts } from "../../internal/catalog/products.ts";
import { catalogRoutes } from "../../internal/catalog/routes.ts";
import { createApp } from "../../internal/platform/http/app.ts";
import { startService } from "../../internal/platform/service/service.ts";
import { readConfig } from "./config.ts";

const config = readConfig();
const { log, registry, serve } = await startService("catalog-stub", config);

const products = loadProducts(
  config.CATALOG_SEED ?? new URL("../../internal/catalog/seed.json", import.meta.url),
);
const faults = createFaults();
const app = createApp({
  log,
  registry,
  problems: CATALOG_PROBLEMS,
  isBehindGateway: true,
  routes: (app) => {
    catalogRoutes(app, products, faults);
    if (config.CATALOG_ADMIN_TOKEN !== undefined)
      adminRoutes(app, config.CATALOG_ADMIN_TOKEN, products, faults);
  },
});
await serve(app, config.PORT);
