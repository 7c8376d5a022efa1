import { connectTo, type DatabaseConnection } from "../../testkit/servers/database.ts";
import { quantile } from "./figure.ts";
import type { Stage } from "./stage.ts";

/**
 * How long single-row transactions take, one after the other, in microseconds: median and 99th percentile.
 */
export async function commitCost(stage: Stage, commits: number): Promise<{ p50: number; p99: number }> {
  const connection = connectTo(stage.database.url);
  try {
    await connection.rows(TABLE);
    const payload = "x".repeat(500);
    const took: number[] = [];
    for (let n = 0; n < commits; n++) {
      const began = performance.now();
      await insert(connection, payload);
      took.push((performance.now() - began) * 1000);
    }
    return { p50: quantile(took, 0.5), p99: quantile(took, 0.99) };
  } finally {
    await connection.close();
  }
}

const TABLE = {
  postgres: "CREATE TABLE IF NOT EXISTS bench_commit (id bigint GENERATED ALWAYS AS IDENTITY, payload text)",
  sqlserver: `IF NOT EXISTS (SELECT 1 FROM sys.tables WHERE name = 'bench_commit')
    CREATE TABLE bench_commit (id BIGINT IDENTITY(1, 1) NOT NULL, payload NVARCHAR(MAX))`,
};

async function insert({ database }: DatabaseConnection, payload: string): Promise<void> {
  if (database.dialect === "postgres") {
    const text = "INSERT INTO bench_commit (payload) VALUES ($1)";
    await database.query({ name: "commit", text, values: [payload] });
  } else {
    await database.run((request) =>
      request.input("payload", payload).query("INSERT INTO bench_commit (payload) VALUES (@payload)"),
    );
  }
}
