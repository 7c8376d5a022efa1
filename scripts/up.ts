import { spawnSync } from "node:child_process";
import { devSecrets } from "./stack/dev-keys.ts";
import { mainOf } from "./stack/processes.ts";
import { startProcesses } from "./stack/start-processes.ts";
import { startServers } from "./stack/start-servers.ts";
import { RUN_DIR, readState, runningOf, SECRETS_DIR, stillRuns } from "./stack/state.ts";
import { fail, step } from "./stack/steps.ts";

/* `make up`: starts what does not run yet, migrates, and says how to use it. */

const given = process.env.DATABASE_URL;
if (given !== undefined && !given.startsWith("sqlserver://")) {
  fail("DATABASE_URL must be sqlserver://... (or unset, for a PostgreSQL of our own)");
}

const state = readState();
const port = Number(process.env.PORT ?? runningOf(state, "gateway")?.port ?? 8080);
if (!Number.isInteger(port) || port < 1 || port > 65_535) fail(`PORT=${process.env.PORT} is not a TCP port`);
const gateway = runningOf(state, "gateway");
if (gateway && gateway.port !== port)
  fail(`The gateway runs on port ${gateway.port}; make down first to change it.`);

const already = state.started.filter(stillRuns).length;
console.log(already > 0 ? `Cartwright: ${already} parts run already` : "Starting Cartwright");
try {
  const secrets = await devSecrets(SECRETS_DIR);
  await startServers(state, secrets, given ?? null);
  await step("migrate the database", async () => {
    const role = given === undefined ? { DATABASE_APP_ROLE: "cartwright_app" } : {};
    const env = { PATH: process.env.PATH, DATABASE_URL: state.ownerUrl!, ...role };
    const { status, stdout, stderr } = spawnSync(process.execPath, [mainOf("migrate")], {
      env,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`${stdout}${stderr}`);
  });
  await startProcesses(state, secrets, port);
} catch (error) {
  fail(error);
}

console.log(`
Cartwright is up.
  gateway    http://127.0.0.1:${port}
  RabbitMQ   ${state.managementUrl} (user admin, password in ${RUN_DIR}/rabbitmq/settings.json)
  logs       ${RUN_DIR}/logs        make logs | make status | make demo | make down

Try it:
  TOKEN=$(curl -s -X POST http://127.0.0.1:${port}/api/session | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')
  curl -s http://127.0.0.1:${port}/api/catalog/products?limit=3
  curl -s -X POST http://127.0.0.1:${port}/api/cart/items -H "Authorization: Bearer $TOKEN" \\
       -H 'Content-Type: application/json' -d '{"productId":"stove-ember","quantity":2}'
  curl -s http://127.0.0.1:${port}/api/cart -H "Authorization: Bearer $TOKEN"
`);
