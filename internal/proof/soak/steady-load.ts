import { randomInt } from "node:crypto";
import { createHttpClient } from "../../testkit/http-client.ts";
import type { Platform } from "../../testkit/processes/platform.ts";
import { RUDE_CLIENTS } from "./rude-clients.ts";
import { createPlace } from "./shoppers.ts";

const TICK_MS = 20;
const PLACES = 60;
const CONNECTIONS = 48;
/**
 * Beyond so many requests without an answer, those that are
 * due are counted and left out: the load stays bounded.
 */
const MOST_UNDERWAY = 500;
const USERS = 50;
/**
 * An Idempotency-Key stays in Redis for 24 h. New ones all the time would look
 * like a leak for a day, so there are only these few, which are repeated: the
 * first use of each is a change, and all later ones are replays.
 */
const IDEMPOTENT_REGULARS = 10;

export interface LoadCounts {
  /** Answers by "what status". */
  readonly answers: ReadonlyMap<string, number>;
  readonly answered: number;
  /** Answers that nobody may get here, and requests without one. */
  readonly unexpected: number;
  readonly rude: number;
  /** Left out because too many were underway. */
  readonly leftOut: number;
  readonly underway: number;
}

export interface SteadyLoad {
  counts(): LoadCounts;
  /** Starts no more, and resolves when all have their answers. */
  stop(): Promise<void>;
}

/**
 * Begins `perSecond` requests a second, however long their
 * answers take (open loop); 3 of 100 by rude clients.
 */
export function startSteadyLoad(platform: Platform, perSecond: number): SteadyLoad {
  const client = createHttpClient(platform.gatewayUrl, CONNECTIONS);
  let usersSoFar = 0;
  const nextUser = () => platform.token(`soak-${usersSoFar++ % USERS}`);
  const places = Array.from({ length: PLACES }, () => createPlace(client, nextUser));
  const answers = new Map<string, number>();
  const counts = { answered: 0, unexpected: 0, rude: 0, leftOut: 0 };
  const underway = new Set<Promise<void>>();
  const startedAt = performance.now();
  let begun = 0;

  const note = (what: string, expected: boolean) => {
    counts.answered++;
    if (!expected) counts.unexpected++;
    const line = expected ? what : `UNEXPECTED ${what}`;
    answers.set(line, (answers.get(line) ?? 0) + 1);
  };

  async function shop(index: number): Promise<void> {
    try {
      const { what, status, expected } = await places[index % PLACES]!.step();
      note(`${what} ${status}`, expected);
    } catch (error) {
      note(`no answer: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`, false);
    }
  }

  async function repeat(): Promise<void> {
    const regular = randomInt(IDEMPOTENT_REGULARS);
    const { status } = await client.call("POST", "/api/cart/items", {
      authorization: `Bearer ${await platform.token(`regular-${regular}`)}`,
      body: '{"productId":"mug-steel","quantity":1}',
      headers: { "idempotency-key": `soak-${regular}` },
    });
    note(`repeat ${status}`, status === 200);
  }

  async function misbehave(): Promise<void> {
    const authorization = places[randomInt(PLACES)]!.authorization();
    if (authorization === null) return;
    await RUDE_CLIENTS[randomInt(RUDE_CLIENTS.length)]!(platform.gatewayUrl, authorization);
    counts.rude++;
  }

  function begin(): void {
    const drawn = randomInt(200);
    const work = drawn < 6 ? misbehave() : drawn === 6 ? repeat() : shop(begun);
    const watched: Promise<void> = work
      .catch((error: Error) => note(`no answer: ${error.message}`, false))
      .finally(() => underway.delete(watched));
    underway.add(watched);
  }

  const ticking = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * perSecond);
    for (; begun < due; begun++) {
      if (underway.size < MOST_UNDERWAY) begin();
      else counts.leftOut++;
    }
  }, TICK_MS);

  return {
    counts: () => ({ ...counts, answers, underway: underway.size }),
    stop: async () => {
      clearInterval(ticking);
      await Promise.all(underway);
      client.close();
    },
  };
}
