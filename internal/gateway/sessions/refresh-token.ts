import { createHash, createHmac, randomBytes } from "node:crypto";
import type { SigningKey } from "../../platform/identity/key-ring.ts";

/** How every refresh token begins, by which logs and scanners of secrets know one. */
const PREFIX = "cwr_";
const TEXT = /^cwr_[A-Za-z0-9_-]{86}$/;

const GUEST_BYTES = 16;
const FAMILY_BYTES = 32;
const ALL_BYTES = 64;

/** A NUL is in no JWT, so that nothing signed as a token is ever taken for a successor. */
const SUCCESSOR = "refresh token's successor\0";

/**
 * A refresh token: the guest's id and a secret (16 bytes each) that all tokens of one session (a family) have
 * in common, and 32 bytes of its own. Who presents the family's secret holds, or once held, a token of it; a
 * stranger who knows the guest's id alone can do nothing to the session. Only the hashes are stored.
 */
export interface RefreshToken {
  /** What the client holds. Never logged, and never part of a URL. */
  readonly text: string;
  readonly guestId: string;
  readonly familyHash: string;
  readonly hash: string;
}

/** The first refresh token of a guest's session. */
export function mintRefreshToken(guestId: string): RefreshToken {
  const guest = Buffer.from(guestId.replaceAll("-", ""), "hex");
  return tokenOf(Buffer.concat([guest, randomBytes(ALL_BYTES - GUEST_BYTES)]));
}

/** Whether a text means to be a refresh token, and no JWT. */
export function looksLikeRefreshToken(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** Null for a text that was never a refresh token. */
export function parseRefreshToken(text: string): RefreshToken | null {
  if (!TEXT.test(text)) return null;
  const token = tokenOf(Buffer.from(text.slice(PREFIX.length), "base64url"));
  // The last character has bits to spare: of the texts with the same bytes only one is a token.
  return token.text === text ? token : null;
}

/**
 * The token that takes the place of `token`: an HMAC-SHA256 of it, so that whoever presents the same one is
 * given the same successor, without it being stored anywhere.
 */
export function successorOf(token: RefreshToken, key: SigningKey): RefreshToken {
  const bytes = bytesOf(token);
  const own = createHmac("sha256", key.bytes).update(SUCCESSOR).update(bytes).digest();
  return tokenOf(Buffer.concat([bytes.subarray(0, FAMILY_BYTES), own]));
}

const bytesOf = ({ text }: RefreshToken) => Buffer.from(text.slice(PREFIX.length), "base64url");

function tokenOf(bytes: Buffer): RefreshToken {
  const hex = bytes.toString("hex", 0, GUEST_BYTES);
  return {
    text: PREFIX + bytes.toString("base64url"),
    guestId: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"),
    familyHash: hashOf("family", bytes.subarray(0, FAMILY_BYTES)),
    hash: hashOf("token", bytes),
  };
}

/** 128 bits of SHA-256: what is hashed has at least as many random ones, so that no salt is needed. */
function hashOf(what: string, bytes: Buffer): string {
  return createHash("sha256").update(what).update(bytes).digest("base64url").slice(0, 22);
}
