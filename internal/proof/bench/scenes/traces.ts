import { newTraceparent } from "../../../platform/trace/traceparent.ts";
import { alternate, type Figure } from "../figure.ts";
import { httpLoad, writeRequests } from "../http-load.ts";
import { CPU_OF } from "../pin.ts";
import type { Profile } from "../profile.ts";
import { adds, ownerNumber } from "../shop.ts";
import type { Stage } from "../stage.ts";

const OWNERS = Array.from({ length: 2_000 }, (_, n) => ownerNumber(n));

/** One request in so many is recorded by its caller, as a gateway that samples 1 % would have it. */
const RECORDED_EVERY = 100;

/** The cart service that traces 1 % of its requests beside one that traces none; adds, committed. */
export async function tracesScene(stage: Stage, profile: Profile): Promise<Figure[]> {
  const { rounds, seconds, connections } = profile;
  // Takes whatever it is sent, as a collector would.
  const collector = await stage.contender("fixed-upstream", {}, CPU_OF.load);
  const requests = (await adds(stage, OWNERS, 5)).map((request, n) => {
    const traceparent = newTraceparent().replace(/00$/, n % RECORDED_EVERY === 0 ? "01" : "00");
    return { ...request, headers: { ...request.headers, traceparent } };
  });
  const requestFile = writeRequests(stage.dir, "traced", requests);
  const on = await stage.product("cart", { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const off = await stage.product("cart");
  const load = (url: string) => () => httpLoad({ url, requestFile, connections, seconds });
  const results = await alternate(rounds, load(on.url), load(off.url));
  await Promise.all([on.kill("SIGTERM"), off.kill("SIGTERM"), collector.stop()]);
  return [
    {
      id: "traces",
      what: "add item, throughput with 1 % of the requests traced",
      against: "the same service with telemetry off",
      unit: "requests/s",
      bound: { least: 0.95 },
      ours: results.a.map((result) => result.perSecond),
      baseline: results.b.map((result) => result.perSecond),
      details: { connections, seconds, owners: OWNERS.length, recorded: 1 / RECORDED_EVERY },
    },
  ];
}
