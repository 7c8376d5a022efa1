/** What the pods of a release say of themselves; null where no pod could be asked. */
export interface Figures {
  readonly activeCarts: number | null;
  readonly stagedEvents: number | null;
  readonly pendingEvents: number | null;
  readonly deadEvents: number | null;
  readonly lagSeconds: number | null;
  /** Partitions of which more is waiting than their relays could read: where another relay would help. */
  readonly partitionsBehind: number | null;
  /** True when a relay is connected to the broker, false when none of those asked is. */
  readonly brokerConnected: boolean | null;
}

/** What one pod was asked, and its answer in Prometheus' text format; null when it gave none. */
export interface Scrape {
  readonly component: string;
  readonly text: string | null;
}

/**
 * The figures of a release. A gauge that several processes measure alike (a count in
 * Redis or SQL) is taken from the one that says most; what each relay says of its
 * own partitions is added up, and is unknown while one relay is silent.
 */
export function figuresOf(scrapes: readonly Scrape[]): Figures {
  const answered = scrapes.flatMap(({ component, text }) =>
    text === null ? [] : [{ component, gauges: parseGauges(text) }],
  );
  const most = (name: string) => {
    const values = answered.flatMap(({ gauges }) => gauges.get(name) ?? []);
    return values.length === 0 ? null : Math.max(...values);
  };
  const relays = scrapes.filter(({ component }) => component === "outbox-relay");
  const behind = answered.flatMap(({ component, gauges }) =>
    component === "outbox-relay" ? (gauges.get("outbox_partitions_behind") ?? []) : [],
  );
  const connected = most("outbox_broker_connected");
  return {
    activeCarts: most("carts_active"),
    stagedEvents: most("outbox_staged_events"),
    pendingEvents: most("outbox_pending_events"),
    deadEvents: most("outbox_dead_events"),
    lagSeconds: most("outbox_oldest_pending_age_seconds"),
    partitionsBehind:
      relays.length > 0 && behind.length === relays.length
        ? behind.reduce((sum, each) => sum + each, 0)
        : null,
    brokerConnected: connected === null ? null : connected > 0,
  };
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{[^}]*\})? (-?[0-9.eE+-]+)(?: \d+)?$/gm;

/** The samples of a scrape by metric name, whatever their labels; NaN and infinities are left out. */
function parseGauges(text: string): ReadonlyMap<string, readonly number[]> {
  const gauges = new Map<string, number[]>();
  for (const [, name, value] of text.matchAll(SAMPLE)) {
    const number = Number(value);
    if (!Number.isFinite(number)) continue;
    const values = gauges.get(name!);
    if (values) values.push(number);
    else gauges.set(name!, [number]);
  }
  return gauges;
}
