import { chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { endProcess, NOT_STARTED, type ProcessId, send, spawnLogged, stillRuns, waitUntil } from "./child.ts";
import type { DatabaseServer } from "./database.ts";
import { freePort } from "./free-port.ts";
import { type Passwords, postgresBinaries, prepareData, serverUser } from "./postgres-data.ts";
import { childrenOf } from "./process-tree.ts";

/**
 * A PostgreSQL of ours on 127.0.0.1, with a database `cartwright`. A signal reaches the
 * postmaster and all its backends; SIGKILL takes every backend down, as a crash does.
 */
export interface PostgresServer extends DatabaseServer {
  readonly appRole: string;
  readonly port: number;
  readonly pid: number;
}

const OWNER = "cartwright_owner";
const APP = "cartwright_app";

/**
 * Starts PostgreSQL from Debian's package in its own data directory, as the user `postgres` when we
 * are root. `dir` must lie where that user may go: see reachableDir in postgres-data.ts.
 */
export async function startPostgres(options: {
  dir: string;
  port?: number;
  onSpawn?: ((process: ProcessId) => void) | undefined;
}): Promise<PostgresServer> {
  const port = options.port ?? (await freePort());
  const { dir, onSpawn } = options;
  const as = serverUser();
  const passwords = prepareData(dir, as);
  let server: ProcessId = NOT_STARTED;

  const urlFor = (user: string, password: string, database: string) =>
    `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
  const adminUrl = urlFor("postgres", passwords.admin, "postgres");
  const createDatabase = async (name: string) => {
    await query(adminUrl, `CREATE DATABASE ${name} OWNER ${OWNER}`);
    return urlFor(OWNER, passwords.owner, name);
  };
  const family = () => [server, ...(stillRuns(server) ? childrenOf(server.pid) : [])];

  async function start(): Promise<void> {
    const logFile = join(dir, "postgres.log");
    writeFileSync(logFile, "", { flag: "a", mode: 0o600 });
    if (as) chownSync(logFile, as.uid, as.gid);
    const settings = {
      port,
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      max_connections: 200,
    };
    server = spawnLogged(
      join(postgresBinaries(), "postgres"),
      [
        "-D",
        join(dir, "data"),
        ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
      ],
      { logFile, cwd: dir, onSpawn, ...as },
    );
    await waitUntil("postgres", () => query(adminUrl, "SELECT 1"), {
      timeoutMs: 60_000,
      process: server,
      logFile,
    });
  }

  await start();
  await createRoles(adminUrl, passwords, createDatabase);
  return {
    dialect: "postgres",
    endsBy: "SIGINT",
    url: urlFor(OWNER, passwords.owner, "cartwright"),
    appUrl: urlFor(APP, passwords.app, "cartwright"),
    appRole: APP,
    port,
    get pid() {
      return server.pid;
    },
    kill: async (signal) => {
      const [, ...backends] = family();
      await endProcess(server, signal);
      await Promise.all(backends.map((backend) => endProcess(backend, "SIGKILL")));
    },
    signal: (signal) => {
      for (const each of family()) send(each, signal);
    },
    start,
    stop: async () => {
      for (const each of family()) send(each, "SIGCONT");
      await endProcess(server, "SIGINT");
    },
    createDatabase,
    checkpoint: () => query(adminUrl, "CHECKPOINT"),
  };
}

/** Each by itself, so that an interrupted start is completed by the next. */
async function createRoles(
  adminUrl: string,
  passwords: Passwords,
  createDatabase: (name: string) => Promise<string>,
) {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    for (const [role, password] of [
      [OWNER, passwords.owner],
      [APP, passwords.app],
    ] as const) {
      const { rowCount } = await client.query("SELECT FROM pg_roles WHERE rolname = $1", [role]);
      if (rowCount === 0) await client.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
    }
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = 'cartwright'");
    if (rowCount === 0) await createDatabase("cartwright");
  } finally {
    await client.end();
  }
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
