import type { Logger } from "../../platform/logger/logger.ts";
import { createOutageLog } from "../../platform/logger/outage-log.ts";
import { err, type Result } from "../../platform/result/result.ts";
import type { StoreFault } from "./store.ts";

/**
 * Reads what a script has answered; a store that does not answer, or is full, is an outcome, and so are data
 * that the script or `read` find CORRUPT.
 */
export type Ask = <T, E>(
  key: string,
  work: Promise<unknown>,
  read: (reply: unknown) => Result<T, E>,
) => Promise<Result<T, E | StoreFault>>;

/** How the message of an error begins that is about one cart's data. */
const CORRUPT = /^(WRONGTYPE|CORRUPT) /;

/** Corrupt carts that are named in the log, at most. */
const MOST_NAMED = 1_000;

/**
 * Trouble with the store is logged when it begins and when it ends; a corrupt cart, by its `key`, once. A
 * script that Redis refuses to run is our bug, and rejects.
 */
export function createAsk(log: Logger): Ask {
  const corrupt = new Set<string>();
  const outage = createOutageLog(log, {
    began: "the cart store does not answer",
    ended: "the cart store answers again",
  });

  const ask: Ask = async (key, work, read) => {
    let reply: unknown;
    try {
      reply = await work;
    } catch (cause) {
      return err(faultOf(key, cause));
    }
    outage.over();
    try {
      return read(reply);
    } catch (cause) {
      if (!CORRUPT.test((cause as Error).message)) throw cause;
      return err(faultOf(key, cause));
    }
  };

  function faultOf(key: string, cause: unknown): StoreFault {
    const { message } = cause as Error;
    if (/^OOM /.test(message)) return { code: "CART_STORE_FULL" };
    // One cart's data say nothing of the store: its key is named once, and the others go on.
    if (CORRUPT.test(message)) {
      if (!corrupt.has(key) && corrupt.size < MOST_NAMED)
        log.error({ key, err: cause }, "a cart cannot be read");
      if (corrupt.size < MOST_NAMED) corrupt.add(key);
      return LASTING;
    }
    if (isScriptBug(cause)) throw new Error("a cart script failed", { cause });
    outage.met({ err: cause });
    return /^(DENIED|NOPERM) /.test(message) ? LASTING : { code: "CART_STORE_UNAVAILABLE" };
  }

  return ask;
}

/** What lasts until somebody mends the data, or the rights of our user. */
const LASTING: StoreFault = { code: "CART_STORE_UNAVAILABLE", lasting: true };

/** A script that Redis refused to run is our bug; everything else is a Redis that is not there for us. */
function isScriptBug(cause: unknown): boolean {
  return /ERR .*(user_script|script|wrong number of args)/i.test((cause as Error).message ?? "");
}
