import { costByPart, type Parts, withCpu } from "../cpu.ts";
import { alternate, type Figure } from "../figure.ts";
import { shopperTokens } from "../full-path.ts";
import { httpLoad, writeRequests } from "../http-load.ts";
import { CPU_OF } from "../pin.ts";
import type { Profile } from "../profile.ts";
import type { Stage } from "../stage.ts";

/** Counted, and never come to. */
const LIMITS = { RATE_LIMIT_OWNER: "1000000/60", RATE_LIMIT_ADDRESS: "1000000/60" };

/** What counting a request in Redis costs: the gateway with limits beside itself without, in turn. */
export async function limitsScene(stage: Stage, profile: Profile): Promise<Figure[]> {
  const { rounds, seconds, connections } = profile;
  const upstream = await stage.contender("fixed-upstream", {}, CPU_OF.load);
  const limited = await stage.product("gateway", { CART_URL: upstream.url, ...LIMITS });
  const free = await stage.product("gateway", { CART_URL: upstream.url });
  const tokens = await shopperTokens(stage, 200);
  const reads = tokens.map((token) => ({
    method: "GET" as const,
    path: "/api/cart",
    headers: { authorization: `Bearer ${token}` },
  }));
  const requestFile = writeRequests(stage.dir, "limited", reads);
  const { pid } = stage.redis;
  const load = (gateway: typeof free) => async () => {
    const parts: Parts = { gateway: [gateway.pid], redis: pid === null ? [] : [pid] };
    const { result, cpu } = await withCpu(parts, () =>
      httpLoad({ url: gateway.url, requestFile, connections, seconds }),
    );
    return { requests: result.requests, perSecond: result.perSecond, cpu };
  };
  const { a, b } = await alternate(rounds, load(limited), load(free));
  await Promise.all([limited.kill("SIGTERM"), free.kill("SIGTERM"), upstream.stop()]);
  return [
    {
      id: "limits",
      what: "gateway that counts each request in Redis, throughput",
      against: "itself with its limits off",
      unit: "requests/s",
      bound: null,
      note: `informs; with limits: ${costByPart(a)}; without: ${costByPart(b)}`,
      ours: a.map(({ perSecond }) => perSecond),
      baseline: b.map(({ perSecond }) => perSecond),
      details: { connections, seconds, users: tokens.length, rounds: { limited: a, free: b } },
    },
  ];
}
