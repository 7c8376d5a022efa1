import { stopServers } from "./servers.ts";

/** Mocha runs this once after all tests, passed or failed. */
export async function mochaGlobalTeardown(): Promise<void> {
  await stopServers();
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void stopServers().finally(() => process.exit(130));
  });
}
