/** Why a link came to its end, or could not be opened. */
export interface LinkEnd {
  /** For people, without secrets, and the same text for the same cause. */
  readonly reason: string;
  /** True when a message may have caused it. */
  readonly sessionFault: boolean;
  /** True when it stays until somebody changes the broker or the configuration. */
  readonly lasting: boolean;
}
