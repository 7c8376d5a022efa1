import type { CatalogAnswer, CatalogRead, SeenProblem, SeenProduct } from "./check/catalog-seen.ts";
import { CHANGING } from "./merchant.ts";
import { exchange, type Reply, type Request } from "./requests.ts";
import { seenProduct } from "./seen-product.ts";
import type { Tab } from "./tab.ts";

/*
 * What a shopper looks at in the catalog: one product, some, the first page, one that is not sold; often
 * again, and then with If-None-Match of the entity tag that was seen.
 */

const PRODUCTS = "/api/catalog/products";
const UNSOLD = "hammock-ghost";

/** Reads the catalog up to three times; `products` are all ids in its order. */
export async function browse(tab: Tab, products: readonly string[]): Promise<void> {
  for (let reads = 1 + tab.random(3); reads > 0; reads--) await read(tab, chosen(tab, products));
}

type Target = Pick<CatalogRead, "path" | "asked">;

function chosen({ random }: Tab, products: readonly string[]): Target {
  const one = (ids: readonly string[]) => ids[random(ids.length)]!;
  switch (random(10)) {
    case 0:
      return { path: `${PRODUCTS}/${UNSOLD}`, asked: [UNSOLD] };
    case 1:
    case 2: {
      const limit = 3 + random(3);
      return { path: `${PRODUCTS}?limit=${limit}`, asked: products.slice(0, limit) };
    }
    case 3:
    case 4: {
      const asked = [one(CHANGING), products[random(3)]!];
      return { path: `${PRODUCTS}?ids=${asked.join(",")}`, asked };
    }
    default: {
      const id = one(random(3) > 0 ? CHANGING : products);
      return { path: `${PRODUCTS}/${id}`, asked: [id] };
    }
  }
}

async function read(tab: Tab, { path, asked }: Target): Promise<void> {
  const { owner, random, etags, notes } = tab;
  const ifNoneMatch = random(2) === 0 ? (etags.get(path) ?? null) : null;
  const request: Request = { method: "GET", path, ifNoneMatch };
  // Who asks must make no difference.
  const shopper = random(2) === 0 ? owner : { authorization: "" };
  const { trace, from, to, answer } = await exchange(tab.client(), shopper, request);
  const seen = "lost" in answer ? answer : seenAnswer(answer);
  if (!("lost" in seen) && seen.products !== null && seen.etag !== null) etags.set(path, seen.etag);
  notes.reads.push({ trace, owner: owner.name, path, asked, ifNoneMatch, from, to, answer: seen });
}

function seenAnswer({ status, headers, caching, text }: Reply): CatalogAnswer {
  const common = {
    status,
    contentType: headers["content-type"] ?? null,
    etag: headers.etag ?? null,
    caching,
  };
  if (status === 304) return { ...common, products: null, problem: null };
  const body = documentOf(text);
  return status === 200
    ? { ...common, products: productsOf(body), problem: null }
    : { ...common, products: null, problem: body && problemOf(body) };
}

type Document = Readonly<Record<string, unknown>>;

/** The object that a text is in JSON; null for anything else, which the checker judges. */
function documentOf(text: string): Document | null {
  try {
    const value: unknown = JSON.parse(text);
    return isDocument(value) ? value : null;
  } catch {
    return null;
  }
}

const isDocument = (value: unknown): value is Document => typeof value === "object" && value !== null;

function productsOf(body: Document | null): readonly SeenProduct[] | null {
  const items: unknown = body !== null && "items" in body ? body.items : [body];
  return Array.isArray(items) && items.every(isProduct) ? items.map(seenProduct) : null;
}

function isProduct(value: unknown): value is SeenProduct {
  if (!isDocument(value) || !isDocument(value.price)) return false;
  const { id, name, price, stock } = value;
  const texts = [id, name, price.currency].every((each) => typeof each === "string");
  return texts && [price.amount, stock].every((each) => typeof each === "number");
}

function problemOf(body: Document): SeenProblem {
  const text = (value: unknown) => (typeof value === "string" ? value : null);
  return {
    type: text(body.type),
    title: text(body.title),
    status: typeof body.status === "number" ? body.status : null,
    code: text(body.code),
    detail: text(body.detail),
    instance: text(body.instance),
  };
}
