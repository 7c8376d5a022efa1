const OWNER = /^(user|guest|service):[\x21-\x7e]{1,128}$/;

/** Who a request acts for. */
export interface Identity {
  /**
   * `user:<id>`, `guest:<id>` or `service:<name>`, with 1 to 128 visible ASCII characters after the colon. A
   * service acts for itself, and has no cart; the gateway makes no such identity.
   */
  readonly owner: string;
  readonly kind: "user" | "guest" | "service";
  /** The guest (as an owner) whose access token the user has presented with this request. */
  readonly guest?: string;
}

/** The identity of `owner`; null when it is no owner. */
export function identityOf(owner: unknown): Identity | null {
  if (typeof owner !== "string" || !OWNER.test(owner)) return null;
  return { owner, kind: owner.slice(0, owner.indexOf(":")) as Identity["kind"] };
}
