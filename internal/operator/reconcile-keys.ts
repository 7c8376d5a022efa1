import { randomBytes } from "node:crypto";
import type { Cluster } from "./cluster.ts";
import { type CartPlatform, type KeyStatus, ROTATE_ANNOTATION } from "./resource.ts";
import { keysAfter, rotationStep } from "./rotation.ts";

const KEY_BYTES = 48;

/**
 * Moves the keys of a release on where it is time, and says how far each has come. A Secret is
 * read only when its status says that something is due: what lies in the Secret then decides,
 * so a status that was lost repeats nothing. Throws when the API server refuses.
 */
export async function reconcileKeys(cluster: Cluster, platform: CartPlatform): Promise<KeyStatus[]> {
  const asked = platform.metadata.annotations?.[ROTATE_ANNOTATION];
  const states: KeyStatus[] = [];
  for (const { secret, everyHours, overlapSeconds } of platform.spec.keys) {
    const times = { asked, everyMs: everyHours * 3_600_000, overlapMs: overlapSeconds * 1_000 };
    const known = platform.status?.keys?.find((each) => each.secret === secret);
    const due = !known || rotationStep({ status: known, ...times, now: Date.now() }).kind !== "wait";
    states.push(due ? await moveOn(cluster, platform, secret, times) : known);
  }
  return states;
}

async function moveOn(
  cluster: Cluster,
  platform: CartPlatform,
  name: string,
  times: { asked: string | undefined; everyMs: number; overlapMs: number },
): Promise<KeyStatus> {
  const found = await cluster.keySecret(name);
  const { phase, since, rotations, asked } = found;
  const status: KeyStatus = { secret: name, phase, since, rotations, ...(asked !== undefined && { asked }) };
  const step = rotationStep({ status, ...times, now: Date.now() });
  if (step.kind === "wait") return status;

  const at = new Date().toISOString();
  const next = {
    ...found,
    keys: keysAfter(found.keys, step.kind, randomBytes(KEY_BYTES).toString("base64url")),
    phase: step.kind === "publish" ? ("published" as const) : ("settled" as const),
    since: at,
    rotations: step.kind === "promote" ? rotations + 1 : rotations,
    asked: step.kind === "publish" ? times.asked : asked,
  };
  await cluster.writeKeySecret(name, next);
  const message =
    step.kind === "publish"
      ? `the next key of ${name} is accepted from now on and will sign once every pod has it`
      : `${name} signs with its new key; the old one stays accepted`;
  await cluster.event(platform, "Normal", step.kind === "publish" ? "KeyPublished" : "KeyRotated", message);
  return {
    secret: name,
    phase: next.phase,
    since: at,
    rotations: next.rotations,
    ...(next.asked !== undefined && { asked: next.asked }),
  };
}
