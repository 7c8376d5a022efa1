import { setTimeout as delay } from "node:timers/promises";
import type { HttpClient } from "../../testkit/http-client.ts";
import type { CatalogRead } from "./check/catalog-seen.ts";
import type { Attempt, Fault, JourneyAttempt } from "./check/history.ts";
import type { Random } from "./check/operations.ts";
import type { SessionAttempt } from "./check/session-seen.ts";
import type { Shopper } from "./requests.ts";
import type { Trouble } from "./trouble.ts";

/** Everything that the shoppers have seen. */
export interface Notes {
  readonly attempts: Attempt[];
  readonly journeys: JourneyAttempt[];
  readonly reads: CatalogRead[];
  readonly sessions: SessionAttempt[];
  readonly guests: Shopper[];
  /** What was brought about to meet a checkout. */
  readonly faults: Fault[];
}

/** A guest with both tokens; without a refresh token once it is not known which is the latest. */
export interface Guest extends Shopper {
  readonly token: string;
  readonly refreshToken: string | null;
}

/** One tab of an owner's browser. */
export interface Tab {
  readonly owner: Shopper;
  readonly random: Random;
  readonly notes: Notes;
  /** By id of the orders of all tabs: who has placed it, the owner or a guest before signing in. */
  readonly orders: Map<string, Shopper>;
  /** Who the owner was before signing in; null until then. */
  guest: Guest | null;
  /** By path of the catalog: the entity tag that the tab saw last. */
  readonly etags: Map<string, string>;
  /** One of the gateways, at random. */
  client(): HttpClient;
  readonly trouble: Trouble;
  /** One of the carts, and what a request of another service says of it. */
  service(): Promise<{ client: HttpClient; headers: Record<string, string> }>;
  /** False when nothing shall be repeated any more. */
  open(): boolean;
}

/** Attempts of a shopper, after which the outcome stays unknown. */
export const MOST_ATTEMPTS = 8;

/** Refusals that ask to come again. */
const COME_AGAIN = ["CHECKOUT_IN_PROGRESS", "MERGE_CONFLICT"];

/** Repeats an attempt until its outcome is known, as a patient shopper does; resolves with the last one. */
export async function untilKnown<
  A extends { readonly outcome: (Attempt | JourneyAttempt | SessionAttempt)["outcome"] },
>({ open, random }: Tab, attempt: () => Promise<A>, most = MOST_ATTEMPTS): Promise<A> {
  for (let tries = 1; ; tries++) {
    const done = await attempt();
    const { outcome } = done;
    const known =
      outcome.kind === "done" || (outcome.kind === "refused" && !COME_AGAIN.includes(outcome.code));
    if (known || tries >= most || !open()) return done;
    await delay(50 + random(400));
  }
}
