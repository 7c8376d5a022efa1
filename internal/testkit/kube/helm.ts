import { attempt, findTool, type Ran } from "./tool.ts";

/** One release of the chart, driven by one version of Helm. */
export interface Release {
  install(chart: string, values: readonly string[]): Promise<void>;
  upgrade(chart: string, values: readonly string[]): Promise<void>;
  /** To a revision of this release: 1 is what was installed. */
  rollback(revision: number): Promise<void>;
  test(): Promise<string>;
  uninstall(): Promise<void>;
}

/** The Helms of this machine by major version: helm, helm3 and helm4 are looked for. */
export async function findHelms(): Promise<Map<3 | 4, string>> {
  const found = new Map<3 | 4, string>();
  for (const name of ["helm", "helm3", "helm4"]) {
    const path = findTool(name);
    if (path === null) continue;
    const { stdout } = await attempt(path, ["version", "--template", "{{.Version}}"]);
    const major = Number(/^v(\d)/.exec(stdout)?.[1]);
    if ((major === 3 || major === 4) && !found.has(major)) found.set(major, path);
  }
  return found;
}

/**
 * Commands wait until what they did is ready, at most
 * `timeout`; each throws with what Helm said when it fails.
 */
export function releaseOf(helm: string, name: string, namespace: string, timeout = "8m"): Release {
  const call = async (args: readonly string[]): Promise<string> => {
    const ran: Ran = await attempt(helm, [...args, "--namespace", namespace], { timeoutMs: 600_000 });
    if (ran.code !== 0) throw new Error(`helm ${args.join(" ")}: ${ran.stdout}${ran.stderr}`);
    return ran.stdout;
  };
  // A tag of digits alone, as of a commit, would be a number.
  const flagOf = (value: string) => (value.startsWith("image.") ? "--set-string" : "--set");
  const sets = (values: readonly string[]) => values.flatMap((value) => [flagOf(value), value]);
  // CRDs are applied before: Helm leaves those that are there, and Helm 4 stops at other versions.
  const skip = ["--skip-crds"];
  const wait = ["--wait", "--timeout", timeout];
  return {
    install: async (chart, values) =>
      void (await call(["install", name, chart, ...skip, ...wait, ...sets(values)])),
    upgrade: async (chart, values) => void (await call(["upgrade", name, chart, ...wait, ...sets(values)])),
    rollback: async (revision) => void (await call(["rollback", name, String(revision), ...wait])),
    test: () => call(["test", name, "--timeout", timeout, "--logs"]),
    uninstall: async () => void (await call(["uninstall", name, ...wait])),
  };
}
