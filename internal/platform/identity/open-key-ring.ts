import { z } from "zod";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import type { Logger } from "../logger/logger.ts";
import { readKeyFolder, watchKeyFolder } from "./key-folder.ts";
import { fixedKeyRing, type KeyRing } from "./key-ring.ts";

/** The path of a folder with the files `current` and, optionally, `previous`: see {@link readKeyFolder}. */
export function keysDir() {
  return z.string().superRefine((dir, context) => {
    try {
      readKeyFolder(dir);
    } catch (cause) {
      context.addIssue({ code: "custom", message: (cause as Error).message });
    }
  });
}

/** What keys are for; the name of a pair of variables, `<purpose>_SECRET` and `<purpose>_KEYS_DIR`. */
type Purpose = "INTERNAL_TOKEN" | "SESSION";

/** Adds a fault to a configuration that has neither a secret nor a folder of keys for `purpose`, or both. */
export function requireKeys(
  config: Record<string, unknown>,
  context: z.core.$RefinementCtx,
  purpose: Purpose,
): void {
  const [secret, dir] = [`${purpose}_SECRET`, `${purpose}_KEYS_DIR`] as const;
  const fault = (message: string) => context.addIssue({ code: "custom", path: [secret], message });
  if (context.issues.some(({ path }) => path?.[0] === secret || path?.[0] === dir)) return;
  const given = [secret, dir].filter((name) => config[name] !== undefined);
  if (given.length === 0) fault(`a secret of at least 32 bytes, or ${dir}, is needed`);
  if (given.length === 2) fault(`is given beside ${dir}; keep one`);
}

/** The keys for `purpose` as configured: one secret for good, or a folder whose keys may be rotated. */
export function openKeyRing<P extends Purpose>(
  purpose: P,
  config: { readonly [K in `${P}_SECRET` | `${P}_KEYS_DIR`]?: string | undefined },
  { log, lifecycle }: { log: Logger; lifecycle: Lifecycle },
): KeyRing {
  const dir = config[`${purpose}_KEYS_DIR`];
  if (dir === undefined) return fixedKeyRing(config[`${purpose}_SECRET`]!);
  const ring = watchKeyFolder({ dir, log });
  lifecycle.onStop(`keys in ${dir}`, () => ring.close());
  return ring;
}
