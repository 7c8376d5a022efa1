import type { Caching, NotDone } from "./answers.ts";

/** One attempt to open, refresh or revoke a guest's session. */
export interface SessionAttempt {
  /** Unique, as of an attempt. */
  readonly trace: string;
  /** The guest, `guest:<id>`; `nobody` where no session was opened. */
  readonly owner: string;
  readonly operation: "open" | "refresh" | "revoke";
  /** A digest of the refresh token that was presented; null for an opening. */
  readonly presented: string | null;
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  readonly caching: Caching | null;
  readonly outcome:
    | {
        readonly kind: "done";
        /** A digest of the refresh token that was given, and to whom; null for a revocation. */
        readonly given: string | null;
        readonly guest: string | null;
      }
    | NotDone;
}
