/** Attempts at a connection that share the time of one look-up. */
export const CONNECT_ATTEMPTS = 4;

/** No connection came about, as with an address that a dead pod has left in its Service: nothing was sent. */
const NOT_CONNECTED: ReadonlySet<string> = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
]);

/** Without an answer the connection went, as a kept one may at any time: a read is asked once more. */
const HUNG_UP: ReadonlySet<string> = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

/**
 * Repeats a read of the catalog that got no connection, up to {@link CONNECT_ATTEMPTS} times in all, because
 * another attempt may reach another server; and once one whose connection went without an answer. Rejects
 * with the last failure, and at once with any other.
 */
export async function attemptRead<T>(ask: () => Promise<T>): Promise<T> {
  let hungUp = false;
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      const mayRetry = NOT_CONNECTED.has(code) ? attempt < CONNECT_ATTEMPTS : HUNG_UP.has(code) && !hungUp;
      if (!mayRetry) throw error;
      hungUp ||= HUNG_UP.has(code);
    }
  }
}
