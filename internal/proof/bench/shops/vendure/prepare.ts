import { fileURLToPath } from "node:url";
import { bootstrap, LanguageCode } from "@vendure/core";
import { populate } from "@vendure/core/cli/index.js";
import { configOf } from "./config.ts";

/** Makes Vendure's tables in the empty database of DATABASE_URL and fills them by its own import. */

const initialData = {
  defaultLanguage: LanguageCode.en,
  defaultZone: "Europe",
  countries: [{ code: "DE", name: "Germany", zone: "Europe" }],
  taxRates: [{ name: "Standard Tax", percentage: 19 }],
  shippingMethods: [],
  paymentMethods: [],
  collections: [],
};

const app = await populate(
  () => bootstrap(configOf(process.env, { synchronize: true })),
  initialData,
  fileURLToPath(new URL("./products.csv", import.meta.url)),
);
await app.close();
process.exit(0);
