import { writeFileSync } from "node:fs";
import type { MedusaContainer } from "@medusajs/framework/types";
import { Modules } from "@medusajs/framework/utils";
import {
  createApiKeysWorkflow,
  createInventoryLevelsWorkflow,
  createProductsWorkflow,
  createRegionsWorkflow,
  createSalesChannelsWorkflow,
  createStockLocationsWorkflow,
  linkSalesChannelsToApiKeyWorkflow,
  linkSalesChannelsToStockLocationWorkflow,
} from "@medusajs/medusa/core-flows";

/**
 * `medusa exec` runs it once, on migrated tables: a region, a sales channel, a product with an inventory that
 * no run empties. What a storefront has to know is written to SEED_FILE as JSON.
 */
// biome-ignore lint/style/noDefaultExport: what `medusa exec` calls
export default async function seed({ container }: { container: MedusaContainer }): Promise<void> {
  const [channel] = (
    await createSalesChannelsWorkflow(container).run({
      input: { salesChannelsData: [{ name: "Storefront" }] },
    })
  ).result;
  const [region] = (
    await createRegionsWorkflow(container).run({
      input: { regions: [{ name: "Europe", currency_code: "eur", countries: ["de"] }] },
    })
  ).result;
  const [location] = (
    await createStockLocationsWorkflow(container).run({ input: { locations: [{ name: "Warehouse" }] } })
  ).result;
  await linkSalesChannelsToStockLocationWorkflow(container).run({
    input: { id: location!.id, add: [channel!.id] },
  });
  const [key] = (
    await createApiKeysWorkflow(container).run({
      input: { api_keys: [{ title: "Storefront", type: "publishable", created_by: "" }] },
    })
  ).result;
  await linkSalesChannelsToApiKeyWorkflow(container).run({ input: { id: key!.id, add: [channel!.id] } });
  const [profile] = await container
    .resolve(Modules.FULFILLMENT)
    .createShippingProfiles([{ name: "Default", type: "default" }]);
  const [product] = (
    await createProductsWorkflow(container).run({
      input: {
        products: [
          {
            title: "Tent",
            status: "published",
            shipping_profile_id: profile!.id,
            options: [{ title: "Size", values: ["One"] }],
            sales_channels: [{ id: channel!.id }],
            variants: [
              {
                title: "One",
                sku: "tent",
                options: { Size: "One" },
                prices: [{ amount: 199, currency_code: "eur" }],
              },
            ],
          },
        ],
      },
    })
  ).result;
  const [item] = await container.resolve(Modules.INVENTORY).listInventoryItems({ sku: "tent" });
  await createInventoryLevelsWorkflow(container).run({
    input: {
      inventory_levels: [
        { inventory_item_id: item!.id, location_id: location!.id, stocked_quantity: 100_000_000 },
      ],
    },
  });
  const shop = { publishableKey: key!.token, regionId: region!.id, variantId: product!.variants[0]!.id };
  writeFileSync(process.env.SEED_FILE!, JSON.stringify(shop), { mode: 0o600 });
}
