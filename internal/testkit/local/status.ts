import { endOnBrokenPipe } from "../../platform/lifecycle/broken-pipe.ts";
import { stillRuns } from "../servers/child.ts";
import { portTaken } from "../servers/free-port.ts";
import { readState, type Started } from "./state.ts";

/* `make status`: each part, its port, its health; the lag, as two processes see it; what waits for sweeps. */

endOnBrokenPipe();
const state = readState();
if (state.started.length === 0) console.log("Nothing runs; start it with: make up");
else {
  row(["PART", "PID", "PORT", "HEALTH", "LAG"]);
  for (const each of state.started) {
    const health = await healthOf(each);
    row([
      each.name,
      String(each.pid),
      String(each.port),
      health,
      health === "ready" ? await lagOf(each) : "",
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
  if (each.adminPort === undefined) return (await portTaken(each.port)) ? "ready" : "not ready";
  try {
    const answer = await fetch(`http://127.0.0.1:${each.adminPort}/readyz`, {
      signal: AbortSignal.timeout(3_000),
    });
    return answer.ok ? "ready" : "not ready";
  } catch {
    return "no answer";
  }
}

async function lagOf(each: Started): Promise<string> {
  if (each.adminPort === undefined) return "";
  const text = await metricsOf(each.adminPort);
  if (text === null) return "unknown";
  const gauge = (name: string) => new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, "m").exec(text)?.[1];
  const age = gauge("outbox_oldest_pending_age_seconds");
  if (age === undefined) return "";
  const counts = ["staged", "pending", "dead"].map((kind) => `${gauge(`outbox_${kind}_events`)} ${kind}`);
  const lag = `${Number(age).toFixed(1)} s (${counts.join(", ")})`;
  const [orders, merges] = [gauge("orders_unsettled"), gauge("cart_merges_waiting")];
  return orders === undefined ? lag : `${lag}, ${orders} orders and ${merges} merges to finish`;
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
