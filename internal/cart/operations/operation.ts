import type { z } from "zod";
import type { CartError } from "../cart.ts";

/** What a client asks for, from path and body, validated by the operation's schemas. */
export interface Fields {
  readonly productId?: string;
  readonly quantity?: number;
}

/**
 * A change that a client can make to a cart, whole: routes, service, store, OpenAPI and metrics are
 * driven by the list of these. A new one needs its record here, its script in lua/ and its tests.
 */
export interface Operation {
  /** As it is called in metrics, and in what an Idempotency-Key remembers. */
  readonly name: string;
  readonly method: "post" | "put" | "delete";
  /** As OpenAPI writes it: `/cart/items/{productId}`. */
  readonly path: string;
  readonly summary: string;
  /** Null for an operation without a body. */
  readonly body: z.ZodType<Fields> | null;
  /**
   * Whether the catalog must sell the product, and have as much, before the store is touched; null for an
   * operation that never asks.
   */
  readonly asksCatalog: ((fields: Fields) => boolean) | null;
  /** The script's own arguments; two requests with one Idempotency-Key are the same if these are equal. */
  readonly args: (fields: Fields) => Readonly<Record<string, string | number | undefined>>;
  /** See lua/change.lua for what every script gets and answers. */
  readonly script: URL;
  /** Error codes of its own, besides those of every change. */
  readonly refusals: readonly CartError["code"][];
}
