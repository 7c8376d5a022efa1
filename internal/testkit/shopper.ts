/** One answer of the API, with its body parsed. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a black-box test looks at whatever came
  readonly body: any;
}

/** A client of the gateway with one identity. */
export interface Shopper {
  call(
    method: string,
    path: string,
    options?: { body?: unknown; raw?: string; headers?: Record<string, string> },
  ): Promise<Answer>;
  add(productId: string, quantity: number, headers?: Record<string, string>): Promise<Answer>;
  cart(): Promise<Answer>;
}

/** A shopper with the given token, or with a fresh guest session. */
export async function shopperAt(gatewayUrl: string, token?: string): Promise<Shopper> {
  const bearer = token ?? (await request(gatewayUrl, "POST", "/api/session")).body.accessToken;
  const call: Shopper["call"] = (method, path, options = {}) =>
    request(gatewayUrl, method, path, {
      ...options,
      headers: { authorization: `Bearer ${bearer}`, ...options.headers },
    });
  return {
    call,
    add: (productId, quantity, headers = {}) =>
      call("POST", "/api/cart/items", { body: { productId, quantity }, headers }),
    cart: () => call("GET", "/api/cart"),
  };
}

/** One request; a body is sent as JSON, `raw` as it is. */
export async function request(
  base: string,
  method: string,
  path: string,
  options: { body?: unknown; raw?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const payload = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  const answer = await fetch(base + path, {
    method,
    headers: { ...(payload !== undefined && { "content-type": "application/json" }), ...options.headers },
    ...(payload !== undefined && { body: payload }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === "" ? null : JSON.parse(text) };
}
