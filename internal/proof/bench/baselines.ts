import pg from "pg";
import { quantile } from "./figure.ts";
import type { Stage } from "./stage.ts";

/**
 * How long single-row transactions take, one after the other, in microseconds: median and 99th percentile.
 */
export async function commitCost(stage: Stage, commits: number): Promise<{ p50: number; p99: number }> {
  const client = new pg.Client({ connectionString: stage.postgres.url });
  await client.connect();
  try {
    await client.query(
      "CREATE TABLE IF NOT EXISTS bench_commit (id bigint GENERATED ALWAYS AS IDENTITY, payload text)",
    );
    const payload = "x".repeat(500);
    const took: number[] = [];
    for (let n = 0; n < commits; n++) {
      const began = performance.now();
      await client.query({
        name: "commit",
        text: "INSERT INTO bench_commit (payload) VALUES ($1)",
        values: [payload],
      });
      took.push((performance.now() - began) * 1000);
    }
    return { p50: quantile(took, 0.5), p99: quantile(took, 0.99) };
  } finally {
    await client.end();
  }
}
