/** How much a run does. */
export interface Profile {
  readonly name: "full" | "quick";
  /** Rounds that count; one more comes before. */
  readonly rounds: number;
  /** Seconds of load in a round. */
  readonly seconds: number;
  /** Seconds of load before the rounds where many processes have to warm up: V8 compiles for so long. */
  readonly warmUpSeconds: number;
  readonly connections: number;
  /** Events of the backlog that the relay, a bare sender and the peers drain. */
  readonly drain: number;
  readonly peerRounds: number;
  /** Whether the peers also run without keeping order. */
  readonly unordered: boolean;
  /** Events of the backlog whose first and last tenth are compared. */
  readonly longDrain: number;
  readonly forward: number;
  /** Live carts of the full store. */
  readonly liveCarts: number;
  /** Carts whose bytes are counted; with fewer the index would still be in Redis' compact encoding. */
  readonly measuredCarts: number;
}

export const PROFILES: Record<Profile["name"], Profile> = {
  full: {
    name: "full",
    rounds: 5,
    seconds: 6,
    warmUpSeconds: 10,
    connections: 64,
    drain: 200_000,
    peerRounds: 2,
    unordered: true,
    longDrain: 1_000_000,
    forward: 100_000,
    liveCarts: 1_000_000,
    measuredCarts: 50_000,
  },
  quick: {
    name: "quick",
    rounds: 1,
    seconds: 2,
    warmUpSeconds: 3,
    connections: 64,
    drain: 20_000,
    peerRounds: 1,
    unordered: false,
    longDrain: 50_000,
    forward: 20_000,
    liveCarts: 50_000,
    measuredCarts: 20_000,
  },
};
