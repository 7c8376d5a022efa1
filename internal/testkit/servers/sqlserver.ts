import { eventually } from "../eventually.ts";
import { openGate } from "../tcp-gate.ts";
import { ask, type DatabaseServer } from "./database.ts";

/**
 * A SQL Server that somebody else runs, reached through a gate of ours: to kill it is to cut all connections
 * and refuse new ones, to freeze it is to hold every byte back. Its databases are the caller's own and are
 * dropped by `stop`. The gate is at 127.0.0.1, so an encrypted `url` needs trustServerCertificate=true.
 */
export async function reachSqlServer(url: URL): Promise<DatabaseServer> {
  const gate = await openGate({ host: url.hostname, port: Number(url.port || 1433) });
  const run = `cartwright_test_${process.pid}_${Date.now().toString(36)}_${gate.port}`;
  const databases: string[] = [];
  const urlOf = (database: string) => {
    const through = new URL(url);
    through.host = `127.0.0.1:${gate.port}`;
    through.pathname = `/${database}`;
    return through.href;
  };
  const createDatabase = async (name: string) => {
    const database = `${run}_${name}`;
    const exists = `SELECT name FROM sys.databases WHERE name = '${database}'`;
    // While other servers start beside it, a connection may take longer than the driver waits.
    await eventually(
      "SQL Server makes a database",
      async () => {
        if ((await ask(urlOf("master"), exists)).length === 0)
          await ask(urlOf("master"), `CREATE DATABASE ${database}`);
        return true;
      },
      { timeoutMs: 30_000, intervalMs: 100 },
    );
    databases.push(database);
    return urlOf(database);
  };
  const open = () => {
    gate.thaw();
    gate.open();
  };
  const own = await createDatabase("own").catch(async ({ cause }: Error) => {
    await gate.close();
    throw new Error(`the server of SQLSERVER_URL cannot be used: ${cause}`, { cause });
  });
  return {
    dialect: "sqlserver",
    url: own,
    appUrl: own,
    appRole: null,
    pid: null,
    endsBy: "SIGTERM",
    kill: async () => gate.shut(),
    signal: (signal) => {
      if (signal === "SIGSTOP") gate.freeze();
      else gate.thaw();
    },
    start: async () => {
      open();
      await eventually("SQL Server answers", () => ask(own, "SELECT 1 AS one"), { timeoutMs: 30_000 });
    },
    stop: async () => {
      // Connections of processes that were killed may still count as users of a database.
      gate.shut();
      open();
      for (const database of databases.splice(0))
        await eventually(
          `${database} can be dropped`,
          () => ask(urlOf("master"), `DROP DATABASE ${database}`).then(() => true),
          { timeoutMs: 10_000, intervalMs: 100 },
        ).catch((error: Error) => console.error(`  ${error.message}`));
      await gate.close();
    },
    createDatabase,
    checkpoint: async () => void (await ask(own, "CHECKPOINT")),
  };
}
