import { join } from "node:path";
import { userToken } from "../../../testkit/processes/dev-keys.ts";
import { alternate, type Figure } from "../figure.ts";
import { httpLoad, type Request, writeRequests } from "../http-load.ts";
import { CPU_OF } from "../pin.ts";
import type { Profile } from "../profile.ts";
import type { Stage } from "../stage.ts";

/** The gateway beside bare http-proxy-middleware, both before the same upstream; reads and adds in turn. */
export async function gatewayScene(stage: Stage, profile: Profile): Promise<Figure[]> {
  const { rounds, seconds, connections } = profile;
  const upstream = await stage.contender("fixed-upstream", {}, CPU_OF.load);
  const gateway = await stage.product("gateway", { CART_URL: upstream.url });
  const bare = await stage.contender("bare-proxy", { UPSTREAM: upstream.url });
  const tokens = await Promise.all(
    Array.from({ length: 200 }, (_, n) => userToken(join(stage.dir, "keys"), `bench-${n}`)),
  );
  const requests = tokens.flatMap((token): Request[] => {
    const headers = { authorization: `Bearer ${token}` };
    return [
      { method: "GET", path: "/api/cart", headers },
      {
        method: "POST",
        path: "/api/cart/items",
        headers,
        body: { productId: "bench-tent-000", quantity: 1 },
      },
    ];
  });
  const requestFile = writeRequests(stage.dir, "proxied", requests);
  const load = (url: string) => () => httpLoad({ url, requestFile, connections, seconds });
  const results = await alternate(rounds, load(gateway.url), load(bare.url));
  await Promise.all([gateway.kill("SIGTERM"), bare.stop(), upstream.stop()]);
  return [
    {
      id: "gateway",
      what: "gateway, throughput",
      against: "bare http-proxy-middleware on Express",
      unit: "requests/s",
      bound: { least: 0.9 },
      ours: results.a.map((result) => result.perSecond),
      baseline: results.b.map((result) => result.perSecond),
      details: { connections, seconds, users: tokens.length, mix: "half GET, half POST" },
    },
  ];
}
