import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CPU_OF, pinned } from "./pin.ts";

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL("./wrk/requests.lua", import.meta.url));

export interface Request {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** What a run of load saw; latencies in microseconds. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  readonly mean: number;
}

/** Writes requests to a file for {@link httpLoad}, which sends them in turn, over and over. */
export function writeRequests(dir: string, name: string, requests: readonly Request[]): string {
  const file = join(dir, `${name}.tsv`);
  const lines = requests.map(({ method, path, headers = {}, body }) => {
    const fields = Object.entries(headers).map(([key, value]) => `${key}: ${value}`);
    return `${method}\t${path}\t${fields.join("|")}\t${body === undefined ? "" : JSON.stringify(body)}\n`;
  });
  writeFileSync(file, lines.join(""), { mode: 0o600 });
  return file;
}

/**
 * Loads a server for `seconds` with wrk: a process of its own, keep-alive connections, each with one
 * request under way. `pauseMs` is how long each connection rests between requests, on average. An
 * answer other than 2xx or 3xx fails the run: a benchmark of errors is worth nothing.
 */
export async function httpLoad(options: {
  url: string;
  requestFile: string;
  connections: number;
  seconds: number;
  pauseMs?: number;
  /** An answer that takes longer fails the run. */
  timeoutSeconds?: number;
}): Promise<LoadResult> {
  const { url, requestFile, connections, seconds, pauseMs = 0, timeoutSeconds = 10 } = options;
  const timeout = ["--timeout", `${timeoutSeconds}s`];
  const args = ["-t1", `-c${connections}`, `-d${seconds}s`, ...timeout, "-s", SCRIPT, url];
  const [command, ...rest] = pinned(CPU_OF.load, ["wrk", ...args, "--", requestFile, String(pauseMs)]);
  const { stdout } = await run(command!, rest);
  const line = /^RESULT (.*)$/m.exec(stdout)?.[1];
  if (line === undefined) throw new Error(`wrk said nothing of its result: ${stdout.slice(0, 500)}`);
  const result = JSON.parse(line) as LoadResult & { failed: number; refused: number };
  const { requests, failed, refused } = result;
  if (requests === 0 || failed + refused > 0)
    throw new Error(`${refused} of ${requests} requests were refused and ${failed} failed at ${url}`);
  return { ...result, perSecond: requests / result.seconds };
}
