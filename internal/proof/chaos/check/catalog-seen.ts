import type { Caching } from "./answers.ts";

/** A product as the API shows it. */
export interface SeenProduct {
  readonly id: string;
  readonly name: string;
  readonly price: { readonly amount: number; readonly currency: string };
  readonly stock: number;
}

/** A problem document, as far as it is judged; null for what is not there as it should be. */
export interface SeenProblem {
  readonly type: string | null;
  readonly title: string | null;
  readonly status: number | null;
  readonly code: string | null;
  readonly detail: string | null;
  readonly instance: string | null;
}

/** An answer to a read of the catalog. */
export interface CatalogAnswer {
  readonly status: number;
  readonly contentType: string | null;
  readonly etag: string | null;
  readonly caching: Caching;
  /** Of a 200; null when the body holds none. */
  readonly products: readonly SeenProduct[] | null;
  /** Of whatever is neither 200 nor 304. */
  readonly problem: SeenProblem | null;
}

/** One read of the catalog through a gateway. */
export interface CatalogRead {
  /** Unique, as of an attempt. */
  readonly trace: string;
  /** Who reads, though the answer is for everybody. */
  readonly owner: string;
  readonly path: string;
  /** The ids that were asked for, in the order of the answer. */
  readonly asked: readonly string[];
  /** The entity tag that If-None-Match named: one that the owner saw, or null. */
  readonly ifNoneMatch: string | null;
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  readonly answer: CatalogAnswer | { readonly lost: string };
}

/** What the catalog was told to sell from some moment on, by whoever changes it. */
export interface CatalogVersion {
  readonly product: SeenProduct;
  /**
   * `seed`: what it begins with, also after each start; `changed`: it has acknowledged this; `lost`: it may
   * have taken this between `from` and `to`.
   */
  readonly by: "seed" | "changed" | "lost";
  /** Epoch ms: before it was told, and after its answer was known. */
  readonly from: number;
  readonly to: number;
}
