import { readState, type Started, stillRuns } from "./stack/state.ts";

/* `make status`: each part, its port, its health; and the lag, as two processes see it. */

const state = readState();
if (state.started.length === 0) {
  console.log("Nothing runs; start it with: make up");
  process.exit(0);
}

const row = (cells: string[]) =>
  console.log(
    cells
      .map((cell, i) => cell.padEnd([14, 8, 7, 12][i] ?? 0))
      .join(" ")
      .trimEnd(),
  );
row(["PART", "PID", "PORT", "HEALTH", "LAG"]);
for (const each of state.started) {
  const health = await healthOf(each);
  row([each.name, String(each.pid), String(each.port), health, health === "ready" ? await lagOf(each) : ""]);
}

async function healthOf(each: Started): Promise<string> {
  if (!stillRuns(each)) return "stopped";
  if (each.adminPort === undefined) return "running";
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
  const answer = await fetch(`http://127.0.0.1:${each.adminPort}/metrics`, {
    signal: AbortSignal.timeout(10_000),
  });
  const text = await answer.text();
  const gauge = (name: string) => new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, "m").exec(text)?.[1];
  const age = gauge("outbox_oldest_pending_age_seconds");
  if (age === undefined) return "";
  const counts = ["staged", "pending", "dead"].map((kind) => `${gauge(`outbox_${kind}_events`)} ${kind}`);
  return `${Number(age).toFixed(1)} s (${counts.join(", ")})`;
}
