import { endOnBrokenPipe } from "../../platform/lifecycle/broken-pipe.ts";
import { stillRuns } from "../servers/child.ts";
import { portTaken } from "../servers/free-port.ts";
import { partState } from "./part-state.ts";
import { readState, type Started } from "./state.ts";

/*
 * `make status`: each part, its port, its health; the lag, as two processes see it; what waits for sweeps;
 * what the gateway stands on.
 */

endOnBrokenPipe();
const state = readState();
if (state.started.length === 0) console.log("Nothing runs; start it with: make up");
else {
  row(["PART", "PID", "PORT", "HEALTH", "STATE"]);
  for (const each of state.started) {
    const health = await healthOf(each);
    row([
      each.name,
      String(each.pid),
      String(each.port),
      health,
      health === "ready" ? await stateOf(each) : "",
    ]);
  }
}

function row(cells: string[]): void {
  const widths = [14, 8, 7, 12];
  console.log(
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join(" ")
      .trimEnd(),
  );
}

async function healthOf(each: Started): Promise<string> {
  if (!stillRuns(each)) return "stopped";
  if (each.starting === true) return "starting";
  if (each.adminPort === undefined) return (await portTaken(each.port)) ? "listens" : "not ready";
  try {
    const answer = await fetch(`http://127.0.0.1:${each.adminPort}/readyz`, {
      signal: AbortSignal.timeout(3_000),
    });
    return answer.ok ? "ready" : "not ready";
  } catch {
    return "no answer";
  }
}

async function stateOf({ adminPort }: Started): Promise<string> {
  if (adminPort === undefined) return "";
  const metrics = await metricsOf(adminPort);
  return metrics === null ? "unknown" : partState(metrics);
}

async function metricsOf(adminPort: number): Promise<string | null> {
  try {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/metrics`, {
      signal: AbortSignal.timeout(10_000),
    });
    return answer.ok ? await answer.text() : null;
  } catch {
    return null;
  }
}
