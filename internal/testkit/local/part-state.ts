/** What `make status` says of a process besides its health, read from its metrics; empty for nothing. */
export function partState(metrics: string): string {
  const read = reader(metrics);
  return [lag(read), gateway(read)].filter((text) => text !== "").join("; ");
}

/** The sum of a metric's lines that have these labels; undefined without a line. */
type Read = (name: string, ...labels: string[]) => number | undefined;

function reader(metrics: string): Read {
  const lines = metrics.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return (name, ...labels) => {
    const values = lines.flatMap((line) => {
      const [, found, labelled = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      return found === name && labels.every((label) => `,${labelled},`.includes(`,${label},`))
        ? Number(value)
        : [];
    });
    return values.length > 0 ? values.reduce((sum, value) => sum + value) : undefined;
  };
}

function lag(read: Read): string {
  const age = read("outbox_oldest_pending_age_seconds");
  if (age === undefined) return "";
  const counts = ["staged", "pending", "dead"].map(
    (kind) => `${known(read(`outbox_${kind}_events`))} ${kind}`,
  );
  const hint = (read("outbox_dead_events") ?? 0) > 0 ? ": make dead" : "";
  const events = `${known(age, 1)} s (${counts.join(", ")}${hint})`;
  const [orders, merges] = [read("orders_unsettled"), read("cart_merges_waiting")];
  return orders === undefined
    ? events
    : `${events}, ${known(orders)} orders and ${known(merges)} merges to finish`;
}

/** A number that a process may not know: NaN, while what it would ask does not answer. */
function known(value: number | undefined, digits = 0): string {
  return value === undefined || Number.isNaN(value) ? "?" : value.toFixed(digits);
}

function gateway(read: Read): string {
  const upstreams = ["cart", "catalog"].flatMap((upstream) => addresses(read, upstream));
  if (upstreams.length === 0) return "";
  const isShared = read("gateway_rate_limits_shared");
  const limits = isShared === undefined ? "off" : isShared === 1 ? "shared" : "not shared";
  return [...upstreams, `limits ${limits}`, cache(read)].join(", ");
}

function addresses(read: Read, upstream: string): string[] {
  const count = (state: string) =>
    read("gateway_upstream_addresses", `upstream="${upstream}"`, `state="${state}"`);
  const [used, ejected] = [count("in_use"), count("ejected")];
  if (used === undefined) return [];
  return [`${used} of ${used + (ejected ?? 0)} addresses of the ${upstream}`];
}

function cache(read: Read): string {
  const entries = read("gateway_cache_entries");
  if (entries === undefined) return "cache off";
  const reads = read("gateway_cache_requests_total");
  const hits = read("gateway_cache_requests_total", 'outcome="hit"');
  return `cache of ${entries} URLs with ${hits} hits in ${reads} reads`;
}
