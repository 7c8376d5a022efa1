/**
 * Tells relays which partitions have new events in the outbox, so that they need not wait for their next
 * look. A hint and no more: it may be lost or come twice, and nothing but latency depends on it.
 */
export interface CommitNotifier {
  /** Events of these partitions have been committed. Returns at once and never throws. */
  notify(partitions: readonly number[]): void;
}

/** The other end of a {@link CommitNotifier}. */
export interface CommitSubscriber {
  /** `heard` is called with the partitions of each ring from now on, whoever rang; at most one listener. */
  listen(heard: (partitions: readonly number[]) => void): void;
}
