import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../testkit/kube/tool.ts";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));

/** The chart as it is in this checkout. */
export const CHART = join(REPOSITORY, "charts", "cartwright");

/** The chart as it was in `revision` of the repository, unpacked into a folder of its own. */
export async function formerChart(revision: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "cartwright-former-chart-"));
  const archive = join(folder, "chart.tar");
  await run("git", ["archive", "--output", archive, revision, "charts/cartwright"], { cwd: REPOSITORY });
  await run("tar", ["-xf", archive, "-C", folder]);
  return join(folder, "charts", "cartwright");
}
