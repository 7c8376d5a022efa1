import { z } from "zod";
import type { Quota } from "../../internal/gateway/limits/rate-limit.ts";

/* Forms of variables that only the gateway has. */

/** Signatures whose key can be published. */
export const ASYMMETRIC = /^(RS|PS|ES)(256|384|512)$|^EdDSA$|^Ed25519$/;

/** A quota as `requests/seconds`; null for `off`. */
export const quota = (fallback: `${number}/${number}`) =>
  z
    .string()
    .transform((text, context): Quota | null => {
      if (text === "off") return null;
      const [, points, seconds] = /^([1-9]\d{0,6})\/([1-9]\d{0,4})$/.exec(text) ?? [];
      if (points !== undefined) return { points: Number(points), seconds: Number(seconds) };
      context.addIssue({ code: "custom", message: "must be requests/seconds such as 600/60, or off" });
      return z.NEVER;
    })
    .prefault(fallback);

/** Base URLs with commas between them, all of one protocol, each place once. */
export const upstreamUrls = () =>
  z
    .string()
    .transform((list) => list.split(",").map((entry) => entry.trim()))
    .refine(
      (urls) => new Set(urls.map((url) => URL.parse(url)?.protocol)).size === 1 && urls.every(isBaseUrl),
      "must be URLs starting with http:// or https:// (one of the two), with commas between them",
    )
    .refine(
      (urls) => new Set(urls.map((url) => URL.parse(url)?.host)).size === urls.length,
      "must name each host and port once",
    );

/** One base URL. */
export const upstreamUrl = () =>
  z.string().refine(isBaseUrl, "must be a URL starting with http:// or https://, without more than a path");

/** True for an absolute http(s) URL that says where, and nothing of who or what. */
function isBaseUrl(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username + url.password + url.search + url.hash === ""
  );
}

/** True for what browsers send as `Origin`: scheme, host and port, in lower case and without a path. */
export function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
}
