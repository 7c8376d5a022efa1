import { readFileSync } from "node:fs";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from "jose";
import type { Logger } from "../../platform/logger/logger.ts";

/** The largest key set in bytes, decoded. */
const MOST_BYTES = 256 * 1024;

/** The keys that users' tokens are signed with; see {@link openKeySet}. */
export interface KeySet {
  /** Finds the key of a token. */
  readonly find: JWTVerifyGetKey;
  /** Changes whenever the keys do: what was verified under another edition has to be verified again. */
  edition(): number;
}

/** Where users' keys are: an http(s) URL, or a file that was read. */
export type KeySource = URL | JSONWebKeySet;

/** Reads `jwks`, a URL or the path of a file with a JWK set; throws when it is neither. */
export function readKeySource(jwks: string): KeySource {
  if (/^https?:\/\//.test(jwks)) return new URL(jwks);
  const set = JSON.parse(readFileSync(jwks, "utf8")) as JSONWebKeySet;
  createLocalJWKSet(set);
  return set;
}

/**
 * The keys that users' tokens are signed with. From a URL they are fetched when first needed, again for a
 * key that is not among them (at most every 10 s), and every `refreshMs` besides. While the URL cannot be
 * had, the keys at hand go on working. A redirect is refused, as is a body of more than 256 KiB.
 */
export function openKeySet(source: KeySource, log: Logger, refreshMs = 300_000): KeySet {
  if (!(source instanceof URL)) return { find: createLocalJWKSet(source), edition: () => 0 };
  let edition = 0;
  let lastText = "";
  const keys = createRemoteJWKSet(source, {
    timeoutDuration: 3_000,
    cooldownDuration: 10_000,
    // jose would refuse every token once keys of a finite age cannot be renewed.
    cacheMaxAge: Number.POSITIVE_INFINITY,
    [customFetch]: async (url, options) => {
      const { status, text } = await fetchBounded(url, options);
      if (status === 200 && text !== lastText) {
        lastText = text;
        edition++;
      }
      return new Response(status === 200 ? text : null, { status: status === 200 ? 200 : 503 });
    },
  });
  let refreshAt = 0;
  return {
    find: (header, token) => {
      const now = Date.now();
      if (keys.fresh && now >= refreshAt) {
        if (refreshAt > 0) keys.reload().catch((err: unknown) => log.warn({ err }, "keys not refreshed"));
        refreshAt = now + refreshMs;
      }
      return keys(header, token);
    },
    edition: () => edition,
  };
}

/** Fetches a text of at most {@link MOST_BYTES}. Content codings are undone by fetch. */
async function fetchBounded(
  ...request: Parameters<FetchImplementation>
): Promise<{ status: number; text: string }> {
  const response = await fetch(...request);
  const { status, headers } = response;
  if (status >= 300 && status < 400) {
    await response.body?.cancel();
    throw new Error(
      `the key set's URL redirects (${status}) to ${headers.get("location")}: set JWT_JWKS to where it is`,
    );
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    // Leaving the loop cancels the body.
    if (size > MOST_BYTES) throw new Error(`the key set's URL answers more than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return { status, text: Buffer.concat(parts).toString() };
}
