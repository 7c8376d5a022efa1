import { expect } from "chai";
import type { Caching } from "./answers.ts";
import { cacheStatusOf } from "./cache-fields.ts";
import type { CatalogAnswer, CatalogRead, CatalogVersion, SeenProduct } from "./catalog-seen.ts";
import { check } from "./checker.ts";
import type { Attempt, Fault, History } from "./history.ts";

const ANN = "user:ann";
const LAMP: SeenProduct = {
  id: "lamp",
  name: "Head lamp",
  price: { amount: 3_990, currency: "EUR" },
  stock: 300,
};
const DEARER: SeenProduct = { ...LAMP, price: { ...LAMP.price, amount: 5_000 }, stock: 1 };
const MUG: SeenProduct = { ...LAMP, id: "mug", name: "Steel mug" };
const CONTROL = "public, max-age=3, stale-while-revalidate=2, stale-if-error=3600";
const FETCHED: Caching = {
  age: null,
  status: "cartwright; fwd=uri-miss; fwd-status=200; stored; ttl=3",
  control: CONTROL,
};
const STALE_IF_ERROR: Caching = {
  age: "90",
  status: "cartwright; fwd=stale; ttl=-87; detail=stale-if-error",
  control: CONTROL,
};

const refusal = (status: number, code: string, path: string): CatalogAnswer => ({
  status,
  contentType: "application/problem+json; charset=utf-8",
  etag: null,
  caching: { age: null, status: null, control: "no-store" },
  products: null,
  problem: {
    type: `urn:cartwright:problem:${code.toLowerCase().replaceAll("_", "-")}`,
    title: "It did not work",
    status,
    code,
    detail: "Please try again.",
    instance: path,
  },
});

function read(s: number, answer: Partial<CatalogAnswer>, more: Partial<CatalogRead> = {}): CatalogRead {
  const path = more.path ?? "/api/catalog/products/lamp";
  return {
    trace: String(s).padStart(32, "0"),
    owner: ANN,
    path,
    asked: ["lamp"],
    ifNoneMatch: null,
    from: 1_000 * s,
    to: 1_000 * s + 100,
    answer: {
      status: 200,
      contentType: "application/json; charset=utf-8",
      etag: '"a"',
      caching: FETCHED,
      products: [LAMP],
      problem: null,
      ...answer,
    },
    ...more,
  };
}

const version = (product: SeenProduct, by: CatalogVersion["by"], s: number): CatalogVersion => ({
  product,
  by,
  from: 1_000 * s,
  to: 1_000 * s + 10,
});

/** The lamp is read, known to be the same, becomes dearer, and is read anew; one product is not sold. */
function honest(): History {
  const [list, unsold] = ["/api/catalog/products?ids=lamp,mug", "/api/catalog/products/ghost"];
  return {
    reads: [
      read(10, {}),
      read(
        12,
        {
          status: 304,
          products: null,
          caching: { age: "2", status: "cartwright; hit; ttl=0", control: CONTROL },
        },
        { ifNoneMatch: '"a"' },
      ),
      read(102, { etag: '"b"', products: [DEARER] }),
      read(103, { etag: '"c"', products: [DEARER, MUG] }, { path: list, asked: ["lamp", "mug"] }),
      read(104, refusal(404, "PRODUCT_NOT_FOUND", unsold), { path: unsold, asked: ["ghost"] }),
    ],
    versions: [version(LAMP, "seed", 1), version(MUG, "seed", 1), version(DEARER, "changed", 100)],
    attempts: [],
    arrivals: [],
    carts: [],
    journeys: [],
    orderArrivals: [],
    orders: [],
    sessions: [],
    faults: [],
  };
}

const rules = (history: History) => check(history).map(({ rule }) => rule);
const and = (...more: CatalogRead[]): History => ({ ...honest(), reads: [...honest().reads, ...more] });
/** The first answer with something changed. */
const but = (answer: Partial<CatalogAnswer>, more: Partial<CatalogRead> = {}): History => ({
  ...honest(),
  reads: honest().reads.toSpliced(0, 2, read(10, answer, more)),
});
const saying = (caching: Partial<Caching>) => but({ caching: { ...FETCHED, ...caching } });
const during = (history: History, ...faults: Fault[]): History => ({ ...history, faults });
const restart: Fault = { kind: "catalog killed -9", from: 150_000, to: 151_000 };
const cut: Fault = { kind: "gateway to catalog cut", from: 199_000, to: 201_000 };
const away = read(200, refusal(502, "UPSTREAM_UNAVAILABLE", "/api/catalog/products/lamp"));

describe("The chaos checker of catalog reads", () => {
  it("finds nothing in a story that keeps every promise", () => {
    expect(check(honest())).to.deep.equal([]);
  });
  it("accepts a read without an answer", () => {
    expect(check(and({ ...read(200, {}), answer: { lost: "no answer" } }))).to.deep.equal([]);
  });
  it("accepts an old price whose Age says so, given in place of what a fault keeps away", () => {
    const old = read(188, { caching: STALE_IF_ERROR });
    expect(check(and(old))).to.deep.equal([]);
  });
  it("accepts what the catalog began with once it has begun anew", () => {
    expect(rules(and(read(180, {})))).to.deep.equal(["catalog-stale"]);
    expect(check(during(and(read(180, {})), restart))).to.deep.equal([]);
    const changed = read(180, { etag: '"b"', products: [DEARER] });
    expect(rules(during(and(changed), restart))).to.deep.equal(["catalog-stale"]);
  });
  it("accepts what was true while the catalog took long to say it", () => {
    expect(check(and(read(105, {})))).to.deep.equal([]);
  });
  it("accepts a change whose answer was lost, done or not", () => {
    const lost = { ...DEARER, stock: 2 };
    const story = and(
      read(180, { etag: '"d"', products: [lost] }),
      read(190, { etag: '"b"', products: [DEARER] }),
    );
    const versions = [...story.versions, version(lost, "lost", 170)];
    expect(check({ ...story, versions })).to.deep.equal([]);
  });
  it("accepts a problem for which there is a fault in the way, at that time alone", () => {
    expect(check(during(and(away), cut))).to.deep.equal([]);
    expect(check(during(and(away), { ...cut, from: 189_000, to: 190_000 }))).to.deep.equal([]);
    for (const other of [
      { from: 100_000, to: 101_000 },
      { from: 300_000, to: 301_000 },
      { kind: "cart to catalog cut" },
    ])
      expect(rules(during(and(away), { ...cut, ...other }))).to.deep.equal(["wrong-refusal"]);
  });

  const cached: Caching = { age: "2", status: "cartwright; hit; ttl=1", control: CONTROL };
  const notModified = { status: 304, products: null, caching: cached };
  const problem = refusal(502, "UPSTREAM_UNAVAILABLE", "/api/catalog/products/lamp");
  const wrong = (change: object) =>
    during(and(read(200, { ...problem, problem: { ...problem.problem!, ...change } })), cut);
  const cases: [what: string, story: History, rule: string][] = [
    [
      "a price that never was",
      but({ products: [{ ...LAMP, price: { amount: 1, currency: "EUR" } }] }),
      "catalog-invented",
    ],
    ["a stock that never was", but({ products: [{ ...LAMP, stock: 299 }] }), "catalog-invented"],
    ["another product than the one asked for", but({ products: [MUG] }), "catalog-lines"],
    ["a list that leaves a product out", but({}, { asked: ["lamp", "mug"] }), "catalog-lines"],
    ["a price before its time", but({ products: [DEARER] }), "catalog-stale"],
    ["a price that is past, shown as new", and(read(150, {})), "catalog-stale"],
    ["a 304 about what is past", and(read(150, notModified, { ifNoneMatch: '"a"' })), "catalog-stale"],
    ["a 304 that nobody asked for", but(notModified), "unknown-etag"],
    [
      "a 304 with another entity tag",
      and(read(105, { ...notModified, etag: '"a"' }, { ifNoneMatch: '"b"' })),
      "unknown-etag",
    ],
    ["one entity tag of two answers", and(read(105, { products: [DEARER] })), "etag-reused"],
    ["a 200 that holds no product", but({ products: null, contentType: "text/html" }), "no-product"],
    ["an answer without Cache-Control", saying({ control: null }), "cache-fields"],
    ["an answer that no cache may keep", saying({ control: "private, max-age=3" }), "cache-fields"],
    ["an answer without Cache-Status", saying({ status: null }), "cache-fields"],
    ["a hit without an Age", saying({ status: "cartwright; hit; ttl=1" }), "cache-fields"],
    ["a fetched answer with an Age", saying({ age: "1" }), "cache-fields"],
    ["an Age that is no number", saying({ ...cached, age: "-1" }), "cache-fields"],
    [
      "a ttl that does not fit the Age",
      saying({ ...cached, status: "cartwright; hit; ttl=60" }),
      "cache-fields",
    ],
    [
      "a hit that is older than may be served while it is fetched anew",
      saying({ age: "7", status: "cartwright; hit; ttl=-4" }),
      "too-stale",
    ],
    [
      "a stale answer that is older than Cache-Control allows",
      saying({ ...STALE_IF_ERROR, age: "3605", status: "cartwright; fwd=stale; detail=stale-if-error" }),
      "too-stale",
    ],
    ["a refusal with nothing in the way", and(away), "wrong-refusal"],
    ["a product that is sold and not found", but(refusal(404, "PRODUCT_NOT_FOUND", "")), "malformed-problem"],
    [
      "a product that is sold and not found, in a good document",
      but(refusal(404, "PRODUCT_NOT_FOUND", "/api/catalog/products/lamp")),
      "wrong-refusal",
    ],
    [
      "a failure that no fault allows",
      during(and(read(200, refusal(500, "INTERNAL", "/api/catalog/products/lamp"))), cut),
      "wrong-refusal",
    ],
    [
      "a status that is not its code's",
      during(and(read(200, refusal(504, "UPSTREAM_UNAVAILABLE", "/api/catalog/products/lamp"))), cut),
      "wrong-refusal",
    ],
    [
      "a problem without a document",
      during(and(read(200, { ...problem, problem: null })), cut),
      "malformed-problem",
    ],
    [
      "a problem that says it is a page",
      during(and(read(200, { ...problem, contentType: "text/html" })), cut),
      "malformed-problem",
    ],
    ["a problem of another status", wrong({ status: 500 }), "malformed-problem"],
    ["a problem of another type", wrong({ type: "about:blank" }), "malformed-problem"],
    ["a problem without a detail", wrong({ detail: null }), "malformed-problem"],
    ["a problem of another path", wrong({ instance: "/products/lamp" }), "malformed-problem"],
  ];
  for (const [what, story, rule] of cases) it(`catches ${what}`, () => expect(rules(story)).to.include(rule));

  for (const [what, caching] of Object.entries({
    "an Age": { age: "1", status: null, control: "no-store" },
    "a Cache-Status": { age: null, status: "cartwright; hit", control: "no-store" },
    "no word against caches": { age: null, status: null, control: "max-age=3" },
    "no Cache-Control": { age: null, status: null, control: null },
  }))
    it(`catches a cart and an order that are answered with ${what}`, () => {
      const outcome = { kind: "unknown", reason: "502" } as const;
      const one = { trace: "a".repeat(32), owner: ANN, key: null, from: 1, to: 2, caching, outcome };
      const attempt: Attempt = { ...one, operation: "read", productId: null, quantity: null, ifMatch: null };
      expect(rules({ ...honest(), attempts: [attempt] })).to.deep.equal(["owner-cached"]);
      const order = {
        ...one,
        operation: "cancel",
        guest: null,
        strategy: null,
        orderId: "o1",
        agreed: null,
      } as const;
      expect(rules({ ...honest(), journeys: [order] })).to.deep.equal(["owner-cached"]);
    });
});

describe("A Cache-Status, as the chaos checker reads it", () => {
  it("is a hit, or tells why the cache went on", () => {
    const hit = { isHit: true, ttl: -1, detail: null };
    expect(cacheStatusOf("cartwright; hit; ttl=-1")).to.deep.equal(hit);
    const stale = { isHit: false, ttl: -9, detail: "stale-if-error" };
    const text = "cartwright; fwd=stale; fwd-status=503; collapsed=?0; ttl=-9; detail=stale-if-error";
    expect(cacheStatusOf(text)).to.deep.equal(stale);
  });
  for (const text of [
    "",
    "cartwright",
    "cartwright; hit; fwd=stale",
    "cartwright; hit; stored",
    "cartwright; hit; hit",
    "cartwright; fwd=cold",
    "cartwright; fwd=stale; ttl=soon",
    "cartwright; hit; age=2",
    "cartwright, other; hit",
  ])
    it(`is not "${text}"`, () => expect(cacheStatusOf(text)).to.equal(null));
});
