/** What an answer says of caches, each field as it came; null where there is none. */
export interface Caching {
  readonly age: string | null;
  readonly status: string | null;
  readonly control: string | null;
}

/** A line of a problem: what was agreed to, and what is so now. */
export interface Difference {
  readonly productId: string;
  readonly was: Differing;
  readonly now: Differing;
}

interface Differing {
  readonly quantity?: number;
  readonly stock?: number;
  readonly unitPrice?: { readonly amount: number; readonly currency: string };
}

/** What became of an attempt that was not done, as far as is known. */
export type NotDone =
  /** Refused for certain: nothing has changed. */
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly code: string;
      /** What was other than agreed to, where the problem says so. */
      readonly lines?: readonly Difference[];
    }
  /** No answer, or one that says nothing of what happened: it may have taken effect, or may still. */
  | { readonly kind: "unknown"; readonly reason: string };
