import { judgeBounded, judgeGrowth, type Point, type Tolerance, type Verdict } from "./trend.ts";

const MB = 1_048_576;

interface Rule {
  readonly judge: (points: readonly Point[], tolerance: Tolerance) => Verdict;
  readonly tolerance: Tolerance;
  readonly unit: "MB" | "";
}

const amount = (relative: number, megabytes: number): Rule => ({
  judge: judgeGrowth,
  tolerance: { relative, absolute: megabytes * MB },
  unit: "MB",
});
const count = (relative: number, absolute: number): Rule => ({
  judge: judgeBounded,
  tolerance: { relative, absolute },
  unit: "",
});

/**
 * What is measured, and how much growth over a run is still taken for noise.
 * The heap is measured after garbage collection and so is sharp; resident
 * memory also holds what the allocator keeps for later, and may wander.
 */
export const RULES = {
  rss: amount(0.15, 25),
  /** Of a server that is not ours; nothing is claimed about it. */
  "rss, not judged": amount(Number.POSITIVE_INFINITY, 0),
  heap: amount(0.05, 3),
  "Redis memory": amount(0.1, 2),
  sockets: count(0.25, 8),
  files: count(0.25, 8),
  threads: count(0, 2),
  timers: count(0.25, 10),
  listeners: count(0.25, 60),
  "most listeners": count(0.25, 3),
  /**
   * Rare combinations of labels come late; a label that takes
   * ever new values makes hundreds of lines a minute.
   */
  "metric lines": count(0.25, 100),
  "Redis keys": count(0.25, 50),
  "Redis clients": count(0, 2),
  "database connections": count(0, 3),
  "outbox rows": count(0.5, 500),
  "broker connections": count(0, 2),
  "broker messages": count(0.5, 500),
} satisfies Record<string, Rule>;

export type Measure = keyof typeof RULES;

/** The verdict on one measure of one subject, such as a process. */
export interface Finding extends Verdict {
  readonly subject: string;
  readonly measure: Measure;
  readonly samples: number;
}

/** All samples of a run. */
export interface Samples {
  record(subject: string, at: number, values: Partial<Record<Measure, number>>): void;
  count(subject: string, measure: Measure): number;
  latest(subject: string, measure: Measure): number | undefined;
  /** Judges everything that was sampled; throws when there is too little of anything. */
  judge(): Finding[];
}

/** `at` is the moment of a sample, in whatever unit the slopes are wanted per. */
export function createSamples(): Samples {
  const series = new Map<string, { subject: string; measure: Measure; points: Point[] }>();
  const pointsOf = (subject: string, measure: Measure) => {
    const key = `${subject} ${measure}`;
    const found = series.get(key) ?? { subject, measure, points: [] };
    series.set(key, found);
    return found.points;
  };
  return {
    record: (subject, at, values) => {
      for (const [measure, value] of Object.entries(values)) {
        pointsOf(subject, measure as Measure).push({ at, value });
      }
    },
    count: (subject, measure) => pointsOf(subject, measure).length,
    latest: (subject, measure) => pointsOf(subject, measure).at(-1)?.value,
    judge: () =>
      [...series.values()]
        .filter(({ points }) => points.length > 0)
        .map(({ subject, measure, points }) => {
          const { judge, tolerance } = RULES[measure];
          return { subject, measure, samples: points.length, ...judge(points, tolerance) };
        }),
  };
}
