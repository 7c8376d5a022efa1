import type { CatalogAnswer, CatalogRead, SeenProduct } from "./catalog-seen.ts";
import { productText, soldBy } from "./catalog-sold.ts";
import { type Bug, one } from "./falsify.ts";
import type { History } from "./history.ts";
import type { Random } from "./operations.ts";

type Answered = CatalogRead & { readonly answer: CatalogAnswer };

/** What a platform could do wrong with reads of the catalog, and with what caches may not have. */
export const CATALOG_BUGS = {
  "price-invented": {
    does: "shows a price that the catalog never had",
    rule: "catalog-invented",
    falsify: (history, random) =>
      rereading(history, one(withProducts(history), random), ({ products, ...answer }) => ({
        ...answer,
        products: products!.map((each) => ({ ...each, price: { ...each.price, amount: 7 } })),
      })),
  },
  "price-stale": {
    does: "shows a price of long ago as today's",
    rule: "catalog-stale",
    falsify: (history, random) => {
      const { spans } = soldBy(history.versions, history.faults);
      // What a product became last of all is as true an hour later.
      const hasPassed = (product: SeenProduct) =>
        spans.get(productText(product))?.every(({ to }) => Number.isFinite(to)) ?? false;
      const victims = withProducts(history).filter(({ answer }) => answer.products!.some(hasPassed));
      return replacing(history, one(victims, random), ({ from, to }) => ({
        from: from + 3_600_000,
        to: to + 3_600_000,
      }));
    },
  },
  "not-modified": {
    does: "says of what a shopper never saw that it has not changed",
    rule: "unknown-etag",
    falsify: (history, random) => {
      const victims = withProducts(history).filter(({ ifNoneMatch }) => ifNoneMatch === null);
      return rereading(history, one(victims, random), (answer) => ({
        ...answer,
        status: 304,
        products: null,
      }));
    },
  },
  "age-hidden": {
    does: "hides the age of what its cache has",
    rule: "cache-fields",
    falsify: (history, random) => aging(history, random, null),
  },
  "kept-too-long": {
    does: "serves from its cache what is far too old",
    rule: "too-stale",
    falsify: (history, random) => aging(history, random, "4000"),
  },
  "catalog-refused": {
    does: "fails to read the catalog with nothing in the way",
    rule: "wrong-refusal",
    falsify: (history, random) =>
      rereading(history, one(withProducts(history), random), (answer, { path }) => ({
        ...answer,
        status: 500,
        contentType: "application/problem+json",
        products: null,
        problem: {
          type: "urn:cartwright:problem:internal",
          title: "Something went wrong",
          status: 500,
          code: "INTERNAL",
          detail: "Please try again.",
          instance: path.split("?", 1)[0]!,
        },
      })),
  },
  "cart-cached": {
    does: "answers with a cart from a cache",
    rule: "owner-cached",
    falsify: (history, random) => {
      const reads = history.attempts.filter(
        ({ operation, caching }) => operation === "read" && caching !== null,
      );
      const { trace } = one(reads, random);
      const caching = { age: "2", status: "cartwright; hit; ttl=1", control: "public, max-age=3" };
      const attempts = history.attempts.map((each) => (each.trace === trace ? { ...each, caching } : each));
      return { ...history, attempts };
    },
  },
} as const satisfies Record<string, Bug>;

const withProducts = ({ reads }: History): Answered[] =>
  reads.filter((read): read is Answered => "status" in read.answer && read.answer.products !== null);

function replacing(
  history: History,
  { trace }: CatalogRead,
  change: (read: CatalogRead) => Partial<CatalogRead>,
): History {
  const reads = history.reads.map((read) => (read.trace === trace ? { ...read, ...change(read) } : read));
  return { ...history, reads };
}

function rereading(
  history: History,
  victim: Answered,
  answer: (answer: CatalogAnswer, read: CatalogRead) => CatalogAnswer,
): History {
  return replacing(history, victim, (read) => ({ answer: answer(victim.answer, read) }));
}

/** The history in which an answer from the cache was of that age. */
function aging(history: History, random: Random, age: string | null): History {
  const hits = withProducts(history).filter(({ answer }) => answer.caching.status?.includes("; hit"));
  return rereading(history, one(hits, random), (answer) => ({
    ...answer,
    caching: { ...answer.caching, age },
  }));
}
