import { ageOf, wrongCaching } from "./cache-fields.ts";
import { wrongProblem } from "./catalog-problems.ts";
import type { CatalogAnswer, CatalogRead, CatalogVersion, SeenProduct } from "./catalog-seen.ts";
import { productText, type Sold, soldBy } from "./catalog-sold.ts";
import type { Fault, Violation } from "./history.ts";

/**
 * From when the catalog looks at its products until the gateway knows the answer, ms: the gateway's patience,
 * and for how long it may be frozen meanwhile.
 */
const LONGEST_EXCHANGE_MS = 15_000;
/** An Age is in whole seconds. */
const ROUNDING_MS = 1_000;

/**
 * Every read shows products as the catalog had them when the answer, by its own Age, was fetched; says of
 * what has changed since not that it has not; tells truly what caches did, and is refused for a reason alone.
 */
export function checkCatalog(
  reads: readonly CatalogRead[],
  versions: readonly CatalogVersion[],
  faults: readonly Fault[],
): Violation[] {
  const sold = soldBy(versions, faults);
  const violations: Violation[] = [];
  for (const [owner, of] of Map.groupBy(reads, (read) => read.owner)) {
    const seen = new Map<string, string>();
    for (const read of of) {
      const fault = (rule: string, what: string) =>
        violations.push({ rule, owner, sentence: `${readText(read)} ${what}` });
      const { answer } = read;
      if ("lost" in answer) continue;
      if (answer.status !== 200 && answer.status !== 304) {
        const wrong = wrongProblem(read, answer, sold, faults);
        if (wrong) fault(wrong.rule, wrong.what);
        continue;
      }
      const wrong = wrongCaching(answer.caching);
      if (wrong) fault(wrong.rule, `said ${wrong.what}`);
      const products = answer.status === 200 ? answer.products : knownBy(read, answer, seen);
      if (products === null) {
        if (answer.status === 200) fault("no-product", `was answered ${answer.contentType} without products`);
        else fault("unknown-etag", `was answered 304 with ${answer.etag} for ${read.ifNoneMatch}`);
        continue;
      }
      const told = JSON.stringify(products);
      const tag = tagOf(read, answer.etag);
      if ((seen.get(tag) ?? told) !== told) fault("etag-reused", `gave ${answer.etag} to two answers`);
      seen.set(tag, told);
      checkProducts(read, products, ageOf(answer.caching) ?? 0, sold, fault);
    }
  }
  return violations;
}

const tagOf = ({ path }: CatalogRead, etag: string | null) => `${path} ${etag}`;

/** What the owner has of old by a 304, when it is about what was asked; null when it is not. */
function knownBy(
  read: CatalogRead,
  { etag }: CatalogAnswer,
  seen: ReadonlyMap<string, string>,
): readonly SeenProduct[] | null {
  const told = etag === read.ifNoneMatch ? seen.get(tagOf(read, etag)) : undefined;
  return told === undefined ? null : JSON.parse(told);
}

function checkProducts(
  { asked, from, to }: CatalogRead,
  products: readonly SeenProduct[],
  age: number,
  sold: Sold,
  fault: (rule: string, what: string) => void,
): void {
  const ids = products.map(({ id }) => id).join(", ");
  if (ids !== asked.join(", ")) fault("catalog-lines", `showed [${ids}], of [${asked.join(", ")}]`);
  const earliest = from - age * 1_000 - ROUNDING_MS - LONGEST_EXCHANGE_MS;
  for (const product of products) {
    const text = productText(product);
    const spans = sold.spans.get(text);
    if (!spans) fault("catalog-invented", `showed ${text}, which never was`);
    else if (!spans.some((span) => span.from <= to && span.to >= earliest))
      fault("catalog-stale", `showed ${text} at Age ${age}, which was not so then`);
  }
}

/** A read, for a sentence. */
export const readText = ({ path, trace }: CatalogRead) => `GET ${path} (${trace.slice(0, 8)})`;
