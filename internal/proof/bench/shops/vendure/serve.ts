import { bootstrap } from "@vendure/core";
import { configOf } from "./config.ts";

/** Vendure's server on PORT, on the database that prepare.ts has filled. */

await bootstrap(configOf(process.env, { synchronize: false }));
