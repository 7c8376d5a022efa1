import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../testkit/kube/tool.ts";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));

/** The chart as it is in this checkout. */
export const CHART = join(REPOSITORY, "charts", "cartwright");

/** The kinds that it defines; Helm installs them once and never changes them. */
export const CRDS = join(CHART, "charts", "operator", "crds");

/**
 * The chart as it was in `revision` of the repository, unpacked into a folder of
 * its own; without a revision, as it was before the last commit that changed it.
 */
export async function formerChart(given?: string): Promise<string> {
  const options = { cwd: REPOSITORY };
  const older = ["rev-list", "--skip=1", "--max-count=1", "HEAD", "--", "charts/cartwright"];
  const revision = given ?? (await run("git", older, options)).trim();
  const folder = mkdtempSync(join(tmpdir(), "cartwright-former-chart-"));
  const archive = join(folder, "chart.tar");
  await run("git", ["archive", "--output", archive, revision, "charts/cartwright"], options);
  await run("tar", ["-xf", archive, "-C", folder]);
  return join(folder, "charts", "cartwright");
}
