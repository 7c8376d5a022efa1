import type { Logger } from "../logger/logger.ts";
import { redactText } from "../logger/redact.ts";

type Stop = () => Promise<void> | void;

export interface ReadinessCheck {
  readonly name: string;
  /** Resolves when healthy; rejects with the reason when not. */
  readonly check: () => Promise<void>;
}

/** One process's way from start to stop. See {@link createLifecycle}. */
export interface Lifecycle {
  /** Registers what is told at once that the shutdown began, before the delay; it must not throw. */
  onStopping(begin: () => void): void;
  /** Registers what must be closed; closing happens in reverse order of registration. */
  onStop(name: string, stop: Stop): void;
  /** Adds a condition to readiness. */
  addCheck(name: string, check: () => Promise<void>): void;
  /**
   * Adds something to be told beside readiness, which it does
   * not change: a sentence, or null while all is well.
   */
  addNote(name: string, note: () => string | null): void;
  /** Declares start-up complete: `/readyz` may answer 200 from now on. */
  ready(): void;
  /** The reasons why the process is not ready; empty when it is. */
  notReady(): Promise<string[]>;
  /** What is to be told although the process is ready. */
  notes(): string[];
  /** Begins the shutdown; idempotent. Resolves when everything is closed. */
  stop(reason: string): Promise<void>;
}

/**
 * On SIGTERM or SIGINT readiness goes off and who asked for it is told; the
 * process serves on for `delayMs`, in which clients and load balancers turn elsewhere; then everything
 * registered is closed in reverse order, all within `deadlineMs`; a second signal, or the deadline, exits at
 * once with 1. An uncaught exception or rejection is logged once and ends the process with 1 by the same
 * path.
 */
export function createLifecycle(options: {
  log: Logger;
  delayMs: number;
  deadlineMs: number;
  exit?: (code: number) => void;
}): Lifecycle {
  const { log, delayMs, deadlineMs } = options;
  const exit = options.exit ?? ((code: number) => process.exit(code));
  const begins: (() => void)[] = [];
  const stops: { name: string; stop: Stop }[] = [];
  const checks: ReadinessCheck[] = [];
  const notes: { name: string; note: () => string | null }[] = [];
  let started = false;
  let stopping: Promise<void> | undefined;
  let exitCode = 0;

  async function closeAll(reason: string): Promise<void> {
    log.info({ reason }, "stopping");
    const deadline = setTimeout(() => {
      log.error({ deadlineMs }, "shutdown deadline passed; exiting with work undone");
      exit(1);
    }, deadlineMs);
    for (const begin of begins) begin();
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    for (const { name, stop } of stops.toReversed()) {
      try {
        await stop();
      } catch (err) {
        exitCode = 1;
        log.error({ err, part: name }, "a part failed to close");
      }
    }
    clearTimeout(deadline);
    log.info("stopped");
    exit(exitCode);
  }

  const lifecycle: Lifecycle = {
    onStopping: (begin) => void begins.push(begin),
    onStop: (name, stop) => void stops.push({ name, stop }),
    addCheck: (name, check) => void checks.push({ name, check }),
    addNote: (name, note) => void notes.push({ name, note }),
    notes: () =>
      notes.flatMap(({ name, note }) => {
        const text = note();
        return text === null ? [] : [`${name}: ${text}`];
      }),
    ready: () => {
      started = true;
      log.info("ready");
    },
    notReady: async () => {
      if (stopping) return ["stopping"];
      if (!started) return ["starting"];
      const results = await Promise.allSettled(checks.map(({ check }) => check()));
      return results.flatMap((result, index) =>
        result.status === "rejected" ? [`${checks[index]?.name}: ${messageOf(result.reason)}`] : [],
      );
    },
    stop: (reason) => {
      // Not closeAll(reason) itself: what it closes first would run before `stopping` is set.
      stopping ??= Promise.resolve(reason).then(closeAll);
      return stopping;
    },
  };

  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) {
      log.warn({ signal }, "second signal; exiting at once");
      exit(1);
    }
    void lifecycle.stop(signal);
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  const onFatal = (err: unknown) => {
    log.fatal({ err }, "unexpected error");
    exitCode = 1;
    void lifecycle.stop("unexpected error");
  };
  process.on("uncaughtException", onFatal);
  process.on("unhandledRejection", onFatal);
  return lifecycle;
}

function messageOf(reason: unknown): string {
  return redactText(reason instanceof Error ? reason.message : String(reason));
}
