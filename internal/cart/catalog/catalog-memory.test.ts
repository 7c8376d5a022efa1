import { describeCatalog } from "./catalog.contract.ts";
import { createMemoryCatalog } from "./catalog-memory.contract.ts";

describeCatalog("the catalog in memory", async ({ caching }) => {
  const catalog = createMemoryCatalog([], { caching });
  return {
    catalog,
    put: catalog.put,
    remove: catalog.remove,
    goDown: () => catalog.setUnavailable(true),
    comeBack: () => catalog.setUnavailable(false),
    close: async () => {},
  };
});
