import { type ExecFileException, execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** Where scripts/install-chart-tools.sh puts what it builds. */
const BUILT = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "cartwright", "bin");

/** The path of a command, from the PATH or from what was built; null when it is nowhere. */
export function findTool(name: string): string | null {
  for (const folder of [...(process.env.PATH ?? "").split(delimiter), BUILT]) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

export interface Ran {
  /** The exit code. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command to its end, whatever its exit code; rejects
 * when it cannot be started or takes longer than `timeoutMs`.
 */
export function attempt(
  command: string,
  args: readonly string[],
  { input, timeoutMs = 60_000, cwd }: { input?: string; timeoutMs?: number; cwd?: string } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const options = { timeout: timeoutMs, maxBuffer: 64 * 1_024 * 1_024, ...(cwd !== undefined && { cwd }) };
    const child = execFile(command, args, options, (error: ExecFileException | null, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === "number") resolve({ code: error.code, stdout, stderr });
      else reject(new Error(`${command} ${args.join(" ")}: ${stderr || error.message}`, { cause: error }));
    });
    // A command that ends before it has read its input tells why by its exit code.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input ?? "");
  });
}

/**
 * As {@link attempt}, and throws with what the command wrote
 * when it fails; what it wrote to standard output otherwise.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: Parameters<typeof attempt>[2] = {},
): Promise<string> {
  const { code, stdout, stderr } = await attempt(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}
