/** A replica that a request may go to. */
export interface Candidate {
  /** A hash of the address, the same at every gateway. */
  readonly seed: number;
  /** Requests on their way to it from this process. */
  readonly outstanding: number;
}

/** How far above the average load of all candidates one may be, before a key of its own goes to another. */
const MOST_ABOVE_AVERAGE = 1.5;

/**
 * So many requests are no load: a cart answers them in some 30 ms. Of replicas that are equally fast the one
 * with a few keys more has nearly all that wait, and a key that goes to another costs both reads of streams.
 */
const FEW = 64;

/**
 * The candidate for a key, by rendezvous hashing with bounded load: each key ranks the candidates in an order
 * of its own, so that the keys of one that goes are spread over the others and no other key moves; a
 * candidate that is much busier than the average is passed over. `candidates` must not be empty. Sources:
 * Thaler and Ravishankar 1998 (rendezvous), Mirrokni et al. 2016 (bounded load).
 */
export function chooseForKey<T extends Candidate>(candidates: readonly T[], key: number): T {
  const bound = boundOf(candidates);
  let best: T | undefined;
  let bestScore = -1;
  let free: T | undefined;
  let freeScore = -1;
  for (const candidate of candidates) {
    const score = mix(candidate.seed ^ mix(key));
    if (score > bestScore) [best, bestScore] = [candidate, score];
    if (candidate.outstanding < bound && score > freeScore) [free, freeScore] = [candidate, score];
  }
  return (free ?? best)!;
}

function boundOf(candidates: readonly Candidate[]): number {
  let total = 1;
  for (const { outstanding } of candidates) total += outstanding;
  return Math.max(FEW, Math.ceil((MOST_ABOVE_AVERAGE * total) / candidates.length));
}

/**
 * Of two candidates at random the one with fewer requests on their way: as good as asking all, without all
 * gateways choosing the same. `candidates` must not be empty. Source: Mitzenmacher 2001.
 */
export function chooseOfTwo<T extends Candidate>(candidates: readonly T[], random = Math.random): T {
  const count = candidates.length;
  const first = Math.floor(random() * count);
  if (count === 1) return candidates[first]!;
  const second = (first + 1 + Math.floor(random() * (count - 1))) % count;
  const [a, b] = [candidates[first]!, candidates[second]!];
  return b.outstanding < a.outstanding ? b : a;
}

/** A number of 32 bits for a text (FNV-1a). */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Spreads a number over 32 bits (the finalizer of MurmurHash3). */
function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
