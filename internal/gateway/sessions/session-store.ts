import type { RefreshToken } from "./refresh-token.ts";

/** Keeps the hashes of sessions' refresh tokens. Each call is atomic, and rejects when the store is away. */
export interface SessionStore {
  /** Begins a session with its first token. It ends after `lifetimeMs`, however often it is refreshed. */
  open(first: RefreshToken, lifetimeMs: number): Promise<void>;
  /**
   * Puts a successor in the place of `presented`: the first of `successors`, which are what each key would
   * derive. Within `graceMs` (ms) a repeat is told which one it was. Later it is a reuse, which ends the
   * session.
   */
  rotate(
    presented: RefreshToken,
    successors: readonly [RefreshToken, ...RefreshToken[]],
    graceMs: number,
  ): Promise<Rotation>;
  /** The same judgement without a rotation; a reuse ends the session here too. */
  check(presented: RefreshToken): Promise<TokenStatus>;
  /** Ends the session of a token, be it one of old; false when there is none, or not with this secret. */
  revoke(presented: RefreshToken): Promise<boolean>;
}

export type Rotation =
  | { readonly outcome: "rotated" | "repeated"; readonly successor: RefreshToken; readonly leftMs: number }
  | { readonly outcome: Refused };

export type TokenStatus = { readonly outcome: "held" | Refused };

/**
 * Why a refresh token counts no more. `reused`: it was replaced before the grace, so someone else may hold
 * it, and its session is ended. `ended`: the session is over, was revoked or was lost. `forged`: it never
 * was a token of that session. `underivable`: the key by which its successor was derived is gone.
 */
export type Refused = "reused" | "ended" | "forged" | "underivable";
