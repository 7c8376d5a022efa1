import { DefaultLogger, LogLevel, type VendureConfig } from "@vendure/core";

/**
 * Vendure as its scaffold runs it in production, less what would only slow it down here: no plugins, no
 * assets, no worker. Sessions are cached in the process, which is the fastest that Vendure offers to one.
 */
export function configOf(env: NodeJS.ProcessEnv, { synchronize }: { synchronize: boolean }): VendureConfig {
  return {
    logger: new DefaultLogger({ level: LogLevel.Warn }),
    apiOptions: {
      hostname: "127.0.0.1",
      port: Number(env.PORT),
      adminApiPath: "admin-api",
      shopApiPath: "shop-api",
      cors: { origin: false },
    },
    authOptions: {
      tokenMethod: "bearer",
      superadminCredentials: { identifier: "admin", password: env.ADMIN_PASSWORD! },
    },
    dbConnectionOptions: { type: "postgres", url: env.DATABASE_URL!, synchronize, logging: false },
    // A measured cart grows all the time.
    orderOptions: { orderItemsLimit: 10_000_000 },
    paymentOptions: { paymentMethodHandlers: [] },
  };
}
