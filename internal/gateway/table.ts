import { CHECKOUT_BODY_BYTES } from "../platform/http/body-limits.ts";
import { allowOf } from "../platform/http/calls.ts";
import { GATEWAY_CALLS } from "./calls.ts";
import type { LimitClass } from "./limits/rate-limit.ts";

export type OwnCall = keyof typeof GATEWAY_CALLS;
export type UpstreamName = "cart" | "catalog";

/** What the gateway does with one part of its paths. The router, the document and the metrics read it. */
export interface Route {
  /** The path itself and, before an upstream, everything below it. Also the `route` of the metrics. */
  readonly path: string;
  /** What of the paths below an upstream's is let through; absent for all. */
  readonly below?: RegExp;
  /** As `Allow` lists them; null leaves it to the upstream to say what it takes. */
  readonly methods: readonly string[] | null;
  /** Calls of our own, each with another method, or a service, which does not get to see `strip`. */
  readonly to:
    | { readonly own: readonly OwnCall[] }
    | { readonly upstream: UpstreamName; readonly strip: string };
  /** Whether an access token is needed; the upstream is then told whose it is. */
  readonly needsIdentity: boolean;
  /** Whether a user's body may present a guest's token, whose owner the upstream is then told too. */
  readonly takesGuestToken?: boolean;
  /** The most bytes of a body, where that is more than of others. */
  readonly bodyLimitBytes?: number;
  readonly limitClass: LimitClass;
  /** What is not is told so (`Cache-Control: no-store`), unless the upstream says something itself. */
  readonly isCacheable: boolean;
}

/** The first that covers a path is its route. */
export const ROUTES: readonly Route[] = [
  {
    path: "/api/cart/merge",
    methods: null,
    to: { upstream: "cart", strip: "/api" },
    needsIdentity: true,
    takesGuestToken: true,
    limitClass: "owner",
    isCacheable: false,
  },
  {
    path: "/api/cart/checkout",
    methods: null,
    to: { upstream: "cart", strip: "/api" },
    needsIdentity: true,
    bodyLimitBytes: CHECKOUT_BODY_BYTES,
    limitClass: "owner",
    isCacheable: false,
  },
  {
    path: "/api/cart",
    methods: null,
    to: { upstream: "cart", strip: "/api" },
    needsIdentity: true,
    limitClass: "owner",
    isCacheable: false,
  },
  {
    path: "/api/orders",
    // Not /{id}/transitions: that is for services, which come without the gateway.
    below: /^\/[^/]+(\/cancel)?\/?$/,
    methods: null,
    to: { upstream: "cart", strip: "/api" },
    needsIdentity: true,
    limitClass: "owner",
    isCacheable: false,
  },
  {
    path: "/api/catalog/products",
    methods: ["GET", "HEAD"],
    to: { upstream: "catalog", strip: "/api/catalog" },
    needsIdentity: false,
    limitClass: "address",
    isCacheable: true,
  },
  own(["sessionOpen", "sessionRevoke"], { limitClass: "session", isCacheable: false }),
  own(["sessionRefresh"], { limitClass: "session", isCacheable: false }),
  own(["apiDescription"], { limitClass: "address", isCacheable: true }),
];

/** Calls of one path. */
function own(calls: readonly OwnCall[], more: Pick<Route, "limitClass" | "isCacheable">): Route {
  const { path } = GATEWAY_CALLS[calls[0]!];
  const methods = allowOf(calls.map((call) => GATEWAY_CALLS[call].method));
  return { path, methods, to: { own: calls }, needsIdentity: false, ...more };
}

/** Which of a route's calls a method asks for, which is one of the route's methods; HEAD follows GET. */
export function ownCallOf(calls: readonly OwnCall[], method: string): OwnCall {
  const wanted = method === "HEAD" ? "get" : method.toLowerCase();
  return calls.find((call) => GATEWAY_CALLS[call].method === wanted)!;
}

/** The route of a path (without its query), if there is one. */
export function routeOf(path: string): Route | undefined {
  return ROUTES.find((route) => covers(route, path));
}

/** Whether a path is the route's own or, where all below goes to an upstream, a segment or more below it. */
export function covers(route: Route, path: string): boolean {
  if (!path.startsWith(route.path)) return false;
  const rest = path.slice(route.path.length);
  if (rest === "") return true;
  return "upstream" in route.to && rest.startsWith("/") && (route.below?.test(rest) ?? true);
}
