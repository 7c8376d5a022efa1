import { existsSync, readFileSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Watched } from "./guard.ts";
import type { State } from "./local/state.ts";
import { endProcess, type ProcessId, send, stillRuns } from "./servers/child.ts";
import { childrenOf } from "./servers/process-tree.ts";
import { stopPortMapper } from "./servers/rabbitmq-files.ts";

/* See guard.ts. */

const processes: ProcessId[] = [];
const dirs = new Set<string>();
const stateFiles: string[] = [];
for await (const line of createInterface({ input: process.stdin })) {
  const watched = JSON.parse(line) as Watched;
  if ("dir" in watched) dirs.add(watched.dir);
  else if ("keep" in watched) dirs.delete(watched.keep);
  else if ("stateFile" in watched) stateFiles.push(watched.stateFile);
  else processes.push(watched);
}
for (const file of stateFiles.filter(existsSync)) {
  processes.push(...(JSON.parse(readFileSync(file, "utf8")) as State).started);
}

const left = processes.filter(stillRuns);
const children = left.flatMap(({ pid }) => childrenOf(pid));
for (const each of left) send(each, "SIGKILL", "group");
await Promise.all([...left, ...children].map((each) => endProcess(each, "SIGKILL")));
for (const dir of [...dirs].filter(existsSync)) {
  await stopPortMapper(dir);
  rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
