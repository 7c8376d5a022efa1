import { Counter, Gauge, type Registry } from "../../platform/metrics/metrics.ts";

/** The part of one body. */
export interface BodyShare {
  /** Says how many bytes are held for it now. May refuse bodies, this one too, before it returns. */
  hold(bytes: number): void;
  /** It is there whole, and is refused no more. */
  complete(): void;
  release(): void;
}

export type BodyMemory = ReturnType<typeof createBodyMemory>;

/**
 * Bounds the bytes that are held for all bodies together, from a body's first byte until its request is
 * answered. Beyond it the bodies that have been coming for longest are refused, so that whoever trickles
 * does not shut out those whose bodies come at once.
 */
export function createBodyMemory(totalBytes: number, registry: Registry) {
  let held = 0;
  const coming = new Set<() => void>();
  new Gauge({
    name: "gateway_bodies_bytes",
    help: "Bytes that are held for clients' bodies, from their first until the answer",
    registers: [registry],
    collect() {
      this.set(held);
    },
  });
  const refused = new Counter({
    name: "gateway_bodies_refused_total",
    help: "Bodies refused while they came, because all together were more than BODIES_TOTAL_BYTES",
    registers: [registry],
  });
  return {
    /** `refuse` must release the share. */
    open(refuse: () => void): BodyShare {
      let own = 0;
      const share = {
        hold(bytes: number) {
          held += bytes - own;
          own = bytes;
          for (const oldest of coming) {
            if (held <= totalBytes) break;
            refused.inc();
            oldest();
          }
        },
        complete: () => void coming.delete(refuse),
        release() {
          coming.delete(refuse);
          held -= own;
          own = 0;
        },
      };
      coming.add(refuse);
      return share;
    },
  };
}
