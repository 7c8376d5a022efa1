import type { Running } from "../../testkit/processes/platform.ts";

/** Looks at the lag metric of several processes, as a Prometheus would. */
export interface LagWatch {
  /** The highest lag that any has reported so far, s. */
  worst(): number;
  /** True when all are ready and report less than a second. */
  small(): Promise<boolean>;
  /** True when all are ready, and none reports anything staged or pending. */
  gone(): Promise<boolean>;
  stop(): void;
}

const LAG = "outbox_oldest_pending_age_seconds";
const LOOK_MS = 500;

/** Starts looking; a process that is down, frozen or has not measured yet reports nothing meanwhile. */
export function watchLag(processes: readonly Running[]): LagWatch {
  let worst = 0;
  const look = async () => {
    const lags = await Promise.all(processes.map(({ adminUrl }) => gauge(adminUrl, LAG).catch(() => 0)));
    worst = Math.max(worst, ...lags.filter((lag) => !Number.isNaN(lag)));
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  const all = async (holds: (each: Running) => Promise<boolean>) =>
    (await Promise.all(processes.map(holds))).every(Boolean);
  return {
    worst: () => worst,
    small: () => all(async (each) => (await ready(each)) && (await gauge(each.adminUrl, LAG)) < 1),
    gone: () =>
      all(async (each) => {
        if (!(await ready(each))) return false;
        const [staged, pending] = await Promise.all(
          ["outbox_staged_events", "outbox_pending_events"].map((name) => gauge(each.adminUrl, name)),
        );
        return staged === 0 && pending === 0;
      }),
    stop: () => clearInterval(timer),
  };
}

const get = (url: string) => fetch(url, { signal: AbortSignal.timeout(2_000) });

async function ready({ adminUrl }: Running): Promise<boolean> {
  return (await get(`${adminUrl}/readyz`)).ok;
}

async function gauge(adminUrl: string, name: string): Promise<number> {
  const text = await (await get(`${adminUrl}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
}
