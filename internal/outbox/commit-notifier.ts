/**
 * Notifies relays of the partitions that have new events in the outbox, so that they need not wait for the
 * next poll. Notifications may be lost or repeated: only latency depends on them.
 */
export interface CommitNotifier {
  /** Events of these partitions have been committed. Returns at once and never throws. */
  notify(partitions: readonly number[]): void;
}

/** The other end of a {@link CommitNotifier}. */
export interface CommitSubscriber {
  /** `notified` is called with the partitions of each notification of any process; at most one listener. */
  listen(notified: (partitions: readonly number[]) => void): void;
}
