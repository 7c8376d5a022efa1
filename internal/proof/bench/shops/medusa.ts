import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Request } from "../http-load.ts";
import type { Stage } from "../stage.ts";
import { installShop, partsOf, runOnce, serveShop } from "./installed.ts";
import manifest from "./medusa/package.json" with { type: "json" };
import { ask, type Shop } from "./shop.ts";

const CLI = "node_modules/@medusajs/cli/cli.js";

interface Seeded {
  readonly publishableKey: string;
  readonly regionId: string;
  readonly variantId: string;
}

interface Cart {
  readonly cart: { readonly id: string; readonly items: readonly { readonly quantity: number }[] };
}

/** Medusa 2, filled by a script of its own kind, by its Store API. */
export async function openMedusa(stage: Stage): Promise<Shop> {
  const dir = await installShop("medusa");
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: "production",
    MEDUSA_DISABLE_TELEMETRY: "true",
    DATABASE_URL: await stage.database.createDatabase("medusa"),
    REDIS_URL: stage.redis.url,
    SHOP_SECRET: randomBytes(32).toString("hex"),
    SEED_FILE: join(stage.dir, "medusa-seed.json"),
  };
  await runOnce(dir, [CLI, "db:migrate"], env);
  await runOnce(dir, [CLI, "exec", "./seed.ts"], env);
  const { publishableKey, regionId, variantId } = JSON.parse(readFileSync(env.SEED_FILE, "utf8")) as Seeded;
  const server = await serveShop(stage, {
    name: "medusa",
    dir,
    path: "/health",
    args: (port) => [CLI, "start", "--port", String(port), "--host", "127.0.0.1"],
    env: () => env,
  });
  const headers = { "x-publishable-api-key": publishableKey };
  const post = (path: string, body: unknown): Request => ({ method: "POST", path, headers, body });
  return {
    name: `Medusa ${manifest.dependencies["@medusajs/medusa"]}`,
    url: server.url,
    parts: partsOf(stage, server.pid),
    openCart: async () => {
      const { cart } = await ask<Cart>(server.url, post("/store/carts", { region_id: regionId }));
      const add = post(`/store/carts/${cart.id}/line-items`, { variant_id: variantId, quantity: 1 });
      await ask(server.url, add);
      return {
        add,
        accepted: (status) => status === 200,
        held: async () => {
          const read = { method: "GET" as const, path: `/store/carts/${cart.id}`, headers };
          const now = await ask<Cart>(server.url, read);
          return now.cart.items.reduce((sum, { quantity }) => sum + quantity, 0);
        },
      };
    },
    settled: async () => {},
    stop: server.stop,
  };
}
