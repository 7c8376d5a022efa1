import { readFileSync } from "node:fs";
import { lookInside } from "./inside.ts";
import { openInspector } from "./inspector.ts";
import type { Measure } from "./measures.ts";
import { lookOutside } from "./outside.ts";

type Values = Partial<Record<Measure, number>>;

/** A Node process under observation. */
export interface WatchedProcess {
  readonly name: string;
  /** Cheap: what the system knows of it. */
  lookOutside(): Values;
  /** Collects its garbage and counts its objects: it stands still for some 0.1 s. */
  lookInside(): Promise<Values>;
  /** Lines of its metrics: they grow when a label takes ever new values. Without an admin port, none. */
  lookAtMetrics(): Promise<Values>;
  /** The object and event with the most listeners, when last looked inside. */
  mostListenersOn(): string;
  /** Node's own warnings in its log, such as that of too many listeners. */
  warnings(): string[];
  close(): void;
}

/** Observes a process that was started with INSPECT (inspector.ts) and writes this log. */
export async function watchProcess(
  name: string,
  target: { pid: number; logFile: string; adminUrl?: string },
): Promise<WatchedProcess> {
  const inspector = await openInspector(target.logFile);
  let mostListenersOn = "nothing";
  return {
    name,
    lookOutside: () => ({ ...lookOutside(target.pid) }),
    lookInside: async () => {
      const inside = await lookInside(inspector);
      mostListenersOn = inside.mostListenersOn;
      return {
        heap: inside.heap,
        timers: inside.timers,
        listeners: inside.listeners,
        "most listeners": inside.mostListeners,
      };
    },
    lookAtMetrics: async () => {
      if (target.adminUrl === undefined) return {};
      const answer = await fetch(`${target.adminUrl}/metrics`, { signal: AbortSignal.timeout(10_000) });
      return { "metric lines": (await answer.text()).split("\n").length };
    },
    mostListenersOn: () => mostListenersOn,
    warnings: () => readFileSync(target.logFile, "utf8").match(/^\(node:\d+\) .*Warning.*$/gm) ?? [],
    close: () => inspector.close(),
  };
}
