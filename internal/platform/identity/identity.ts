const OWNER = /^(user|guest):[\x21-\x7e]{1,128}$/;

/** Who a request acts for. */
export interface Identity {
  /** `user:<id>` or `guest:<id>`, with an id of 1 to 128 visible ASCII characters. */
  readonly owner: string;
  readonly kind: "user" | "guest";
  /** The guest (as an owner) that a user was before signing in, when the token tells. */
  readonly guest?: string;
}

/** The identity of `owner`; null when it is no owner. */
export function identityOf(owner: unknown): Identity | null {
  if (typeof owner !== "string" || !OWNER.test(owner)) return null;
  return { owner, kind: owner.startsWith("user:") ? "user" : "guest" };
}
