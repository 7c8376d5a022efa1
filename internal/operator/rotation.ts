import type { KeyStatus } from "./resource.ts";

/**
 * How long a changed Secret may take to reach every pod's
 * mounted file (kubelet's sync period and cache), in ms.
 */
export const PROPAGATION_MS = 120_000;

export interface Keys {
  readonly current: string;
  readonly previous: string;
}

export type RotationStep =
  /** Nothing to do before `at` (epoch ms). */
  | { readonly kind: "wait"; readonly at: number }
  /** The next key becomes acceptable everywhere. */
  | { readonly kind: "publish" }
  /** Everybody accepts the next key: sign with it. */
  | { readonly kind: "promote" };

/**
 * What the rotation of one secret needs now. Two steps, because pods see a changed Secret at different times:
 * the next key is first accepted (as `previous`) while the old one signs, and signs (as `current`) only when
 * every pod has it; the old one stays accepted until the next rotation, which comes no sooner than
 * `overlapMs` (the life of a token). Pure; times are epoch ms. `asked` is the value of the annotation now.
 */
export function rotationStep(options: {
  status: KeyStatus;
  asked: string | undefined;
  everyMs: number;
  overlapMs: number;
  now: number;
}): RotationStep {
  const { status, asked, everyMs, overlapMs, now } = options;
  const since = Date.parse(status.since);
  if (status.phase === "published") {
    const at = since + PROPAGATION_MS;
    return now >= at ? { kind: "promote" } : { kind: "wait", at };
  }
  const wanted = asked !== undefined && asked !== "" && asked !== status.asked;
  // A key that still vouches for living tokens must not be pushed out; the first previous key never signed.
  const held = status.rotations === 0 ? 0 : overlapMs;
  const at = since + (wanted ? held : Math.max(everyMs, held));
  return now >= at ? { kind: "publish" } : { kind: "wait", at };
}

/** The Secret's entries after a step; `fresh` is a new key. */
export function keysAfter(keys: Keys, step: "publish" | "promote", fresh: string): Keys {
  return step === "publish"
    ? { current: keys.current, previous: fresh }
    : { current: keys.previous, previous: keys.current };
}
