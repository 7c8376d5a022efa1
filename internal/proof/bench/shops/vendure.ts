import { randomBytes } from "node:crypto";
import type { Request } from "../http-load.ts";
import type { Stage } from "../stage.ts";
import { installShop, partsOf, runOnce, serveShop } from "./installed.ts";
import { ask, type Shop, send } from "./shop.ts";
import manifest from "./vendure/package.json" with { type: "json" };

const ADD = `mutation { addItemToOrder(productVariantId: 1, quantity: 1) {
  __typename ... on Order { id totalQuantity lines { id quantity } } ... on ErrorResult { errorCode message } } }`;
const HELD = "{ activeOrder { totalQuantity } }";

/** Vendure 3, filled by its own import, by its Shop API. */
export async function openVendure(stage: Stage): Promise<Shop> {
  const dir = await installShop("vendure");
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: "production",
    DATABASE_URL: await stage.database.createDatabase("vendure"),
    ADMIN_PASSWORD: randomBytes(16).toString("hex"),
  };
  await runOnce(dir, ["prepare.ts"], { ...env, PORT: "0" });
  const server = await serveShop(stage, {
    name: "vendure",
    dir,
    path: "/health",
    args: () => ["serve.ts"],
    env: (port) => ({ ...env, PORT: String(port) }),
  });
  const query = (text: string, headers: Record<string, string> = {}): Request => ({
    method: "POST",
    path: "/shop-api",
    headers,
    body: { query: text.replaceAll(/\s+/g, " ") },
  });
  return {
    name: `Vendure ${manifest.dependencies["@vendure/core"]}`,
    url: server.url,
    parts: partsOf(stage, server.pid),
    openCart: async () => {
      const first = await send(server.url, query(ADD));
      const token = first.headers.get("vendure-auth-token");
      if (token === null || !isOrder(first.body)) throw new Error(`Vendure opened no order: ${first.body}`);
      const headers = { authorization: `Bearer ${token}` };
      return {
        add: query(ADD, headers),
        // GraphQL says 200 of what failed, too.
        accepted: (_status, body) => isOrder(body),
        held: async () => {
          const { data } = await ask<{ data: { activeOrder: { totalQuantity: number } } }>(
            server.url,
            query(HELD, headers),
          );
          return data.activeOrder.totalQuantity;
        },
      };
    },
    settled: async () => {},
    stop: server.stop,
  };
}

function isOrder(body: string): boolean {
  return body.includes('"__typename":"Order"');
}
