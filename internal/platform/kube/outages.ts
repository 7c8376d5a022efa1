import type { Logger } from "../logger/logger.ts";
import { KubeError } from "./kube-error.ts";

/** Tells of an API server that does not answer once, however many wait for it and try again. */
export interface Outages {
  failed(source: string, err: unknown): void;
  /** `source` was answered as it should be. */
  answered(source: string): void;
}

/**
 * One line for each cause (a status, or a connection that is lost or silent) until
 * every source that met it has been answered; one line when nothing fails any more.
 */
export function trackOutages(log: Logger): Outages {
  const failing = new Map<string, Set<string>>();
  return {
    failed: (source, err) => {
      const cause = err instanceof KubeError ? String(err.code) : "no answer";
      const sources = failing.get(cause);
      if (sources) sources.add(source);
      else {
        failing.set(cause, new Set([source]));
        log.warn({ err, source }, "the Kubernetes API does not answer as it should; trying again");
      }
    },
    answered: (source) => {
      if (failing.size === 0) return;
      for (const [cause, sources] of failing)
        if (sources.delete(source) && sources.size === 0) failing.delete(cause);
      if (failing.size === 0) log.info("the Kubernetes API answers again");
    },
  };
}
