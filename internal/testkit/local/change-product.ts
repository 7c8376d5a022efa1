import { devSecrets } from "../processes/dev-keys.ts";
import { request } from "../shopper.ts";
import { runningOf, SECRETS_DIR, type State } from "./state.ts";

export interface DemoProduct {
  readonly name: string;
  readonly price: { readonly amount: number; readonly currency: string };
  readonly stock: number;
}

/**
 * Changes price (`amount`, minor units) or stock of a product in the catalog of `make up`, by its admin
 * route; returns the product as it is then. Throws with what to mend.
 */
export async function changeProduct(
  state: State,
  id: string,
  wish: { readonly amount?: number; readonly stock?: number },
): Promise<DemoProduct> {
  const catalog = runningOf(state, "catalog-stub");
  if (!catalog) throw new Error("Nothing runs; start it with: make up");
  const { catalogAdminToken } = await devSecrets(SECRETS_DIR);
  const base = `http://127.0.0.1:${catalog.port}`;
  const path = `/products/${encodeURIComponent(id)}`;
  const now = await request(base, "GET", path);
  if (now.status !== 200) throw new Error(now.body.detail);
  const { amount = now.body.price.amount, stock = now.body.stock } = wish;
  const { status, body } = await request(base, "PATCH", `/admin${path}`, {
    body: { price: { ...now.body.price, amount }, stock },
    headers: { authorization: `Bearer ${catalogAdminToken}` },
  });
  if (status !== 200) throw new Error(body.detail);
  return body;
}
