import { createDictionary, type Dictionary } from "../../platform/memory/dictionary.ts";

export type Outcome = "committed" | "staged";

/** Requests that wait for the commit of the event they have staged, by shard and stream entry. */
export interface Waiters {
  /** Resolves with what {@link settle} says, or `staged` when that takes too long; `round` is the latest. */
  wait(shard: number, entryId: string, round: number): Promise<Outcome>;
  settle(shard: number, entryId: string, outcome: Outcome): void;
  /** Answers everybody of a shard. */
  settleShard(shard: number, outcome: Outcome): void;
  /**
   * To be called after a complete read of a shard's stream that began in `round`. An entry leaves the stream
   * only after its commit: who waited before the read began and is not among `present` is committed. Returns
   * true when somebody came later, whom the read says nothing of.
   */
  settleAbsent(shard: number, present: ReadonlySet<string>, round: number): boolean;
}

interface Waiter {
  readonly since: number;
  readonly resolve: (outcome: Outcome) => void;
}

export function createWaiters(options: {
  shards: number;
  timeoutMs: number;
  onTimeout: () => void;
}): Waiters {
  const { timeoutMs, onTimeout } = options;
  const waiting: Dictionary<Waiter>[] = Array.from({ length: options.shards }, () => createDictionary());

  function settle(shard: number, entryId: string, outcome: Outcome): void {
    const waiter = waiting[shard]!.get(entryId);
    if (!waiter) return;
    waiting[shard]!.delete(entryId);
    waiter.resolve(outcome);
  }

  return {
    wait: (shard, entryId, round) =>
      new Promise((done) => {
        const timer = setTimeout(() => {
          onTimeout();
          waiting[shard]!.delete(entryId);
          done("staged");
        }, timeoutMs);
        const earlier = waiting[shard]!.get(entryId);
        waiting[shard]!.set(entryId, {
          since: round,
          resolve: (outcome) => {
            clearTimeout(timer);
            earlier?.resolve(outcome);
            done(outcome);
          },
        });
      }),
    settle,
    settleShard: (shard, outcome) => {
      for (const [entryId] of waiting[shard]!.entries()) settle(shard, entryId, outcome);
    },
    settleAbsent: (shard, present, round) => {
      let later = false;
      for (const [entryId, { since }] of waiting[shard]!.entries()) {
        if (present.has(entryId)) continue;
        if (since < round) settle(shard, entryId, "committed");
        else later = true;
      }
      return later;
    },
  };
}
