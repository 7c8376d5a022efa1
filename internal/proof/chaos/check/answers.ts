/** What an answer says of caches, each field as it came; null where there is none. */
export interface Caching {
  readonly age: string | null;
  readonly status: string | null;
  readonly control: string | null;
}

/** What became of an attempt that was not done, as far as is known. */
export type NotDone =
  /** Refused for certain: nothing has changed. */
  | { readonly kind: "refused"; readonly status: number; readonly code: string }
  /** No answer, or one that says nothing of what happened: it may have taken effect, or may still. */
  | { readonly kind: "unknown"; readonly reason: string };
