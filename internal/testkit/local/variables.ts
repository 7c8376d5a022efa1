import { isPassedOn } from "../processes/processes.ts";
import { mainSchema } from "../processes/schemas.ts";
import { brokerInUse } from "./choose-broker.ts";
import { databaseInUse } from "./choose-database.ts";
import { runningOf, type Started, type State } from "./state.ts";

/** Variables with their values, as somebody has set them for make up. */
export type Variables = Readonly<Record<string, string>>;

const OF_SERVERS: Readonly<Record<string, readonly string[]>> = {
  redis: ["REDIS"],
  postgres: [],
  rabbitmq: ["RABBITMQ"],
};

/** What make up's environment sets that the part reads itself; addresses are not among it. */
async function variablesFor(name: string, env: NodeJS.ProcessEnv): Promise<Variables> {
  const set = (names: readonly string[]) =>
    Object.fromEntries(names.flatMap((each) => (env[each] ? [[each, env[each]]] : [])));
  const ofServer = OF_SERVERS[name];
  if (ofServer) return set(ofServer);
  const passed = Object.keys(set(Object.keys(env).filter(isPassedOn)));
  // Reading a schema takes a while, and most have set nothing.
  if (passed.length === 0) return {};
  const { shape } = await mainSchema(name);
  return set(passed.filter((each) => each in shape));
}

/**
 * With what the part is to be started: what is set now, else what it was started with before, where that
 * belongs to a platform that still runs.
 */
export async function settledFor(state: State, name: string, env: NodeJS.ProcessEnv): Promise<Variables> {
  const before = state.started.find((each) => each.name === name && each.starting !== true);
  return { ...before?.variables, ...(await variablesFor(name, env)) };
}

/** Of a platform of which nothing runs any more nothing is kept: what is set now counts. */
export function forgetVariables(state: State): void {
  if (state.started.some((each) => runningOf(state, each.name))) return;
  state.started = state.started.map(({ variables: _gone, ...rest }): Started => rest);
}

/** The variables that name another server or port than the running ones. */
function addressesChanged(state: State, env: NodeJS.ProcessEnv): string[] {
  const inUse = {
    PORT: runningOf(state, "gateway")?.port,
    DATABASE_URL: databaseInUse(state),
    AMQP_URL: brokerInUse(state),
  };
  return Object.entries(inUse).flatMap(([name, used]) =>
    env[name] && used !== undefined && env[name] !== String(used) ? [name] : [],
  );
}

/** Fails where the environment sets what running parts were started without, and names all of it. */
export async function refuseChanged(state: State, env: NodeJS.ProcessEnv): Promise<void> {
  const changed = new Set(addressesChanged(state, env));
  for (const { name, variables } of state.started.filter((each) => runningOf(state, each.name))) {
    // Parts of an older make up do not tell.
    if (variables === undefined) continue;
    const now = await variablesFor(name, env);
    for (const each of Object.keys(now)) if (now[each] !== variables[each]) changed.add(each);
  }
  if (changed.size === 0) return;
  const names = [...changed].join(", ");
  throw new Error(`Cartwright runs with another ${names}; make down first to change it, or leave it out.`);
}

/** Fails where the environment sets what would go unread for want of another variable. */
export function refuseUnread(
  env: NodeJS.ProcessEnv,
  sqlServerUrl: string | null,
  amqpUrl: string | null,
): void {
  if (env.DATABASE && env.DATABASE !== (sqlServerUrl === null ? "postgres" : "sqlserver"))
    throw new Error(
      `DATABASE=${env.DATABASE} is not read by make up: DATABASE_URL=sqlserver://... names a SQL Server, without it a PostgreSQL of our own is used.`,
    );
  if (env.MANAGEMENT_URL && amqpUrl === null)
    throw new Error("MANAGEMENT_URL is of the broker of AMQP_URL: set that too, or leave it out.");
}
