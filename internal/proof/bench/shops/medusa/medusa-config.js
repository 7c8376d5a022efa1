import { defineConfig } from "@medusajs/framework/utils";

/*
 * Medusa as its deployment guide asks for: every module that has a Redis form uses it. The admin's pages are
 * off, as on a server that only serves a storefront. Medusa looks for a file of this name.
 */

const redisUrl = process.env.REDIS_URL;
const redis = { redisUrl };

// biome-ignore lint/style/noDefaultExport: what Medusa reads
export default defineConfig({
  admin: { disable: true },
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    redisUrl,
    http: {
      storeCors: "http://localhost",
      adminCors: "http://localhost",
      authCors: "http://localhost",
      jwtSecret: process.env.SHOP_SECRET,
      cookieSecret: process.env.SHOP_SECRET,
    },
  },
  modules: [
    { resolve: "@medusajs/medusa/cache-redis", options: redis },
    { resolve: "@medusajs/medusa/event-bus-redis", options: redis },
    { resolve: "@medusajs/medusa/workflow-engine-redis", options: { redis } },
    {
      resolve: "@medusajs/medusa/locking",
      options: {
        providers: [
          {
            id: "locking-redis",
            resolve: "@medusajs/medusa/locking-redis",
            is_default: true,
            options: redis,
          },
        ],
      },
    },
  ],
});
