import { spawnSync } from "node:child_process";
import { outliveBrokenPipe } from "../internal/platform/lifecycle/broken-pipe.ts";
import { chooseBroker } from "../internal/testkit/local/choose-broker.ts";
import { chooseDatabase } from "../internal/testkit/local/choose-database.ts";
import { reachGiven } from "../internal/testkit/local/given-servers.ts";
import { howToUse } from "../internal/testkit/local/how-to-use.ts";
import { lockOrThrow } from "../internal/testkit/local/lock.ts";
import { startLogKeeper } from "../internal/testkit/local/log-keeper.ts";
import { refuseTaken, startProcesses } from "../internal/testkit/local/start-processes.ts";
import { startServers } from "../internal/testkit/local/start-servers.ts";
import { readState, runningOf, SECRETS_DIR, type State } from "../internal/testkit/local/state.ts";
import { fail, step } from "../internal/testkit/local/steps.ts";
import { forgetVariables, refuseChanged, refuseUnread } from "../internal/testkit/local/variables.ts";
import { devSecrets } from "../internal/testkit/processes/dev-keys.ts";
import { mainOf, refuseIgnored } from "../internal/testkit/processes/processes.ts";

/* `make up`: starts what does not run yet, migrates, and says how to use it. */

outliveBrokenPipe();
try {
  lockOrThrow();
  const state = readState();
  forgetVariables(state);
  await refuseChanged(state, process.env);
  const sqlServerUrl = chooseDatabase(state, process.env.DATABASE_URL || undefined);
  const amqpUrl = chooseBroker(state, process.env.AMQP_URL || undefined);
  refuseIgnored(process.env);
  refuseUnread(process.env, sqlServerUrl, amqpUrl);
  const port = gatewayPort(state);
  if (!runningOf(state, "gateway")) await refuseTaken(state, port);

  const already = state.started.filter((each) => runningOf(state, each.name)).length;
  console.log(already > 0 ? `Cartwright: ${already} parts run already` : "Starting Cartwright");
  const given = { sqlServerUrl, amqpUrl, managementUrl: process.env.MANAGEMENT_URL };
  await reachGiven(state, given, process.env);
  const secrets = await devSecrets(SECRETS_DIR);
  await startServers(state, secrets, given);
  await step("migrate the database", async () => migrate(state, sqlServerUrl === null));
  await startProcesses(state, secrets, port);
  await startLogKeeper(state);
  console.log(howToUse(state, port));
} catch (error) {
  fail(error);
}

function gatewayPort(state: State): number {
  const running = runningOf(state, "gateway")?.port;
  const port = Number(process.env.PORT || running || 8_080);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error(`PORT=${process.env.PORT} is not a TCP port`);
  }
  return port;
}

function migrate(state: State, embedded: boolean): void {
  const role = embedded ? { DATABASE_APP_ROLE: "cartwright_app" } : {};
  const env = { PATH: process.env.PATH, DATABASE_URL: state.ownerUrl!, ...role };
  const { status, stdout, stderr } = spawnSync(process.execPath, [mainOf("migrate")], {
    env,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${stdout}${stderr}`);
}
