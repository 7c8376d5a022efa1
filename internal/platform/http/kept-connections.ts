/**
 * How long (ms) a client of ours keeps a connection that it does not use: less than our servers serve on when
 * they stop (SHUTDOWN_DELAY_MS, 7 s in the chart), with `Connection: close` on each answer. A connection used
 * in that time closes with its answer, any other was given up before, so that none is used as it closes.
 */
export const MOST_IDLE_MS = 3_000;
