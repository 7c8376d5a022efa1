import { startService } from "../../internal/platform/service/service.ts";
import { openAdapters } from "./adapters.ts";
import { cartApp } from "./app.ts";
import { readConfig } from "./config.ts";

const config = readConfig();
const cart = await startService("cart", config);
const adapters = openAdapters(config, cart);
await cart.serve(cartApp(config, cart, adapters), config.PORT);
