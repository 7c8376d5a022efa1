/**
 * An answer of the API server that is not a success. `code` is the HTTP status; `reason` as in metav1.Status.
 */
export class KubeError extends Error {
  override readonly name = "KubeError";
  readonly code: number;
  readonly reason: string;
  /** What the server asks to wait before the next try, in ms; 0 when it says nothing. */
  readonly retryAfterMs: number;

  constructor(code: number, reason: string, message: string, retryAfterMs: number) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A server may ask for no longer pause than this, in ms. */
const LONGEST_PAUSE_MS = 60_000;

/** The error that an answer of 400 and above stands for; `retryAfter` is its header, in seconds or absent. */
export function errorOf(status: number, text: string, retryAfter: string | null): KubeError {
  const seconds = Number(retryAfter ?? 0);
  const pauseMs = seconds > 0 ? Math.min(seconds * 1_000, LONGEST_PAUSE_MS) : 0;
  try {
    const { reason = "", message = text } = JSON.parse(text) as { reason?: string; message?: string };
    return new KubeError(status, reason, message, pauseMs);
  } catch {
    return new KubeError(status, "", text.slice(0, 500), pauseMs);
  }
}

/** How long the server asks to wait before the next try, in ms; 0 for any other error. */
export function pauseAsked(err: unknown): number {
  return err instanceof KubeError ? err.retryAfterMs : 0;
}
