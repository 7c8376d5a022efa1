/**
 * A space may lie within: OIDC's subjects are ASCII. Not at an end, because SQL Server compares texts without
 * the spaces after them, so that two owners would be one.
 */
const OWNER = /^(user|guest|service):[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/** The most characters of an owner: `service:` and 255 more. */
export const MOST_OWNER_LENGTH = 263;

/** Who a request acts for. */
export interface Identity {
  /**
   * `user:<id>`, `guest:<id>` or `service:<name>`, with 1 to 255 printable ASCII characters after the colon.
   * A service acts for itself, and has no cart; the gateway makes no such identity.
   */
  readonly owner: string;
  readonly kind: "user" | "guest" | "service";
  /** The guest (as an owner) whose token the user has presented with this request. */
  readonly guest?: string;
}

/** The identity of `owner`; null when it is no owner. */
export function identityOf(owner: unknown): Identity | null {
  if (typeof owner !== "string" || !OWNER.test(owner)) return null;
  return { owner, kind: owner.slice(0, owner.indexOf(":")) as Identity["kind"] };
}
