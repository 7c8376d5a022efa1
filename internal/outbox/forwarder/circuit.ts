import type { Logger } from "../../platform/logger/logger.ts";

/**
 * Remembers that the database fails, so that requests need not
 * wait to find out, and retries in the background.
 */
export interface Circuit {
  isOpen(): boolean;
  /**
   * Opens, or stays open, and plans the next background attempt; the first opening is logged with its reason.
   */
  open(reason: unknown): void;
  /** An attempt has succeeded. */
  close(): void;
  dispose(): void;
}

/**
 * `retry` is called after a backoff that doubles from `retryMinMs`
 * to `retryMaxMs`; it must end in open() or close().
 */
export function createCircuit(options: {
  retryMinMs: number;
  retryMaxMs: number;
  retry: () => void;
  log: Logger;
}): Circuit {
  const { retryMinMs, retryMaxMs, retry, log } = options;
  let failing = false;
  let delayMs = retryMinMs;
  let timer: NodeJS.Timeout | undefined;
  return {
    isOpen: () => failing,
    open: (err) => {
      if (!failing)
        log.warn({ err }, "events stay staged in Redis: they cannot be committed to the database");
      failing = true;
      clearTimeout(timer);
      timer = setTimeout(retry, delayMs);
      timer.unref();
      delayMs = Math.min(delayMs * 2, retryMaxMs);
    },
    close: () => {
      if (failing) log.info("staged events are being committed to the database again");
      failing = false;
      delayMs = retryMinMs;
      clearTimeout(timer);
    },
    dispose: () => clearTimeout(timer),
  };
}
