import { type AmqpAddress, parseAmqpUrl } from "../../platform/amqp/amqp-url.ts";
import { missingExchange } from "../../platform/amqp/set-up-faults.ts";
import { readAuthority } from "../../platform/config/authority.ts";
import { parseDatabaseUrl } from "../../platform/sql/database-url.ts";
import { type Management, managementOf, setUpTopology } from "../servers/topology.ts";
import { runningOf, type State, writeState } from "./state.ts";
import { step } from "./steps.ts";
import { type Exchange, tryBroker } from "./try-broker.ts";
import { tryDatabase } from "./try-database.ts";
import { untilUsable } from "./usable.ts";
import { settledFor, type Variables } from "./variables.ts";

/** The servers that variables name, in place of ours. */
export interface Given {
  readonly sqlServerUrl: string | null;
  readonly amqpUrl: string | null;
  readonly managementUrl: string | undefined;
}

/**
 * Before anything is started: fails where a server that a variable names cannot be used by what is going to
 * be started, and sets the topology up at the broker. Of a broker that is in use only the latter.
 */
export async function reachGiven(state: State, given: Given, env: NodeJS.ProcessEnv): Promise<void> {
  const { sqlServerUrl, amqpUrl } = given;
  const relay = await settledFor(state, "outbox-relay", env);
  const brokerInUse = runningOf(state, "outbox-relay") !== undefined;
  const target = amqpUrl === null ? null : exchangeOf(parseAmqpUrl(amqpUrl), relay);
  const managementUrl = given.managementUrl || (brokerInUse ? state.managementUrl : undefined);
  const management = target && managementOf(target.address, managementUrl);
  const missing = target && !brokerInUse ? await reachBroker(target) : false;
  if (sqlServerUrl !== null && !(brokerInUse && runningOf(state, "cart"))) await reachDatabase(sqlServerUrl);
  if (!target || !management) return;
  await setUp(management);
  if (missing) await untilUsable("AMQP_URL", () => tryBroker(target));
  const { url } = management;
  Object.assign(state, {
    givenAmqpUrl: amqpUrl,
    relayUrl: amqpUrl,
    consumerUrl: amqpUrl,
    managementUrl: url,
  });
  writeState(state);
}

/** True where all is well except that the exchange is missing, which the topology has. */
async function reachBroker(target: Exchange): Promise<boolean> {
  let missing = false;
  await untilUsable("AMQP_URL", async () => {
    const unusable = await tryBroker(target);
    missing = unusable?.reason.includes(missingExchange(target.exchange).reason) ?? false;
    return missing ? null : unusable;
  });
  return missing;
}

async function reachDatabase(url: string): Promise<void> {
  const address = parseDatabaseUrl(url);
  if (address.dialect === "sqlserver") await untilUsable("DATABASE_URL", () => tryDatabase(address));
}

/** Its user may be one that only publishes: then somebody else has set the topology up, or is told how. */
async function setUp(management: Management): Promise<void> {
  const { url } = management;
  try {
    await step(`set up the topology at ${url}`, () => setUpTopology(management));
  } catch (error) {
    console.log(`    ${(error as Error).message}
    Going on with the topology that is there. An administrator makes it with:
    make topology AMQP_URL=amqp://user:password@host MANAGEMENT_URL=${url}`);
  }
}

/** As the relay reads it from the variables that it is started with. */
function exchangeOf(address: AmqpAddress, relay: Variables): Exchange {
  const { AMQP_CA_FILE, AMQP_EXCHANGE, AMQP_ADDRESS_VERSION: version } = relay;
  return {
    address: { ...address, ...(AMQP_CA_FILE && { ca: authority(AMQP_CA_FILE) }) },
    exchange: AMQP_EXCHANGE || "cart.events",
    addressVersion: version === "v1" || version === "v2" ? version : "auto",
  };
}

function authority(file: string): string {
  try {
    return readAuthority(file);
  } catch (cause) {
    throw new Error(`AMQP_CA_FILE ${(cause as Error).message}`, { cause });
  }
}
