import { createHash, createSecretKey, type webcrypto } from "node:crypto";

/** A secret that signs tokens (HS256). */
export interface SigningKey {
  /** Its `kid`: the first 8 hex digits of its SHA-256, so that every process names it alike. */
  readonly id: string;
  readonly bytes: Uint8Array;
  /** The same, imported once: jose would import the bytes again for each token. */
  readonly hmac: webcrypto.CryptoKey;
}

/** The keys of one purpose: one signs, and whatever any of them signed is accepted. */
export interface KeyRing {
  current(): SigningKey;
  /** The keys that may have signed a token: the one it names, or all when it names none. */
  candidates(kid: string | undefined): readonly SigningKey[];
  /** Grows whenever the keys change: what was signed or verified under another edition no longer counts. */
  edition(): number;
}

/** The key of a secret of at least 32 bytes. */
export function signingKey(secret: string): SigningKey {
  const bytes = new TextEncoder().encode(secret);
  const id = createHash("sha256").update(bytes).digest("hex").slice(0, 8);
  const hmac = createSecretKey(bytes).toCryptoKey({ name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
    "verify",
  ]);
  return { id, bytes, hmac };
}

/** A ring of the one `secret`, which never changes. */
export function fixedKeyRing(secret: string): KeyRing {
  const key = signingKey(secret);
  return {
    current: () => key,
    candidates: (kid) => candidatesAmong([key], kid),
    edition: () => 0,
  };
}

/** The keys of id `kid`, none when it is unknown; all of them, in their order, without a `kid`. */
export function candidatesAmong(keys: readonly SigningKey[], kid: string | undefined): readonly SigningKey[] {
  return kid === undefined ? keys : keys.filter(({ id }) => id === kid);
}
