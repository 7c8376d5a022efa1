import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { HttpClient } from "../../testkit/http-client.ts";
import type { Caching, Difference, NotDone } from "./check/answers.ts";
import type { Attempt, Line, Outcome, Price, SeenCart } from "./check/history.ts";
import type { Choice, OperationKind } from "./check/operations.ts";

/** Somebody with a token; `name` as events name an owner. */
export interface Shopper {
  readonly name: string;
  readonly authorization: string;
}

/** A request of one attempt. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly key?: string | null;
  readonly ifMatch?: number | null;
  /** An entity tag. */
  readonly ifNoneMatch?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One attempt, and what came back. */
interface Exchange<A> {
  readonly trace: string;
  /** Epoch ms: before it was sent, and after the answer or the loss of it was known. */
  readonly from: number;
  readonly to: number;
  readonly answer: A | { readonly lost: string };
}

/** An answer as it came. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly caching: Caching;
  readonly text: string;
}

/** An attempt whose answer is JSON. */
export interface Sent<Body> extends Exchange<Answer<Body>> {
  /** Null when no answer came. */
  readonly caching: Caching | null;
}

interface Answer<Body> {
  readonly status: number;
  readonly replayed: boolean;
  /** What the API describes for the expected status, else a problem; the checker judges what is in it. */
  readonly body: Body & { readonly code?: string; readonly lines?: readonly Difference[] };
}

/** A line of a cart as the API shows it. */
interface ShownLine extends Line {
  readonly unitPrice: Price | null;
}

/** A cart as the API shows it. */
export interface ShownCart extends SeenCart {
  readonly items: readonly ShownLine[];
}

/** Sends a request in a trace of its own. */
export async function exchange(
  client: HttpClient,
  { authorization }: Pick<Shopper, "authorization">,
  { method, path, body, key = null, ifMatch = null, ifNoneMatch = null, headers = {} }: Request,
): Promise<Exchange<Reply>> {
  const trace = randomBytes(16).toString("hex");
  const from = Date.now();
  const answer = await client
    .call(method, path, {
      ...(authorization !== "" && { authorization }),
      headers: {
        ...headers,
        traceparent: `00-${trace}-${trace.slice(16)}-01`,
        ...(key !== null && { "idempotency-key": key }),
        ...(ifMatch !== null && { "if-match": `"${ifMatch}"` }),
        ...(ifNoneMatch !== null && { "if-none-match": ifNoneMatch }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    .then(
      (reply): Reply => ({ ...reply, caching: cachingOf(reply.headers) }),
      (error: Error) => ({ lost: error.message }),
    );
  return { trace, from, to: Date.now(), answer };
}

function cachingOf(headers: IncomingHttpHeaders): Caching {
  const status = headers["cache-status"];
  return {
    age: headers.age ?? null,
    status: status === undefined ? null : `${status}`,
    control: headers["cache-control"] ?? null,
  };
}

/** Sends a request whose answer is JSON, or nothing. */
export async function send<Body>(
  client: HttpClient,
  shopper: Pick<Shopper, "authorization">,
  request: Request,
): Promise<Sent<Body>> {
  const { answer, ...sent } = await exchange(client, shopper, request);
  if ("lost" in answer) return { ...sent, caching: null, answer };
  const { status, headers, caching, text } = answer;
  const replayed = headers["idempotent-replayed"] === "true";
  return { ...sent, caching, answer: { status, replayed, body: text === "" ? {} : JSON.parse(text) } };
}

/**
 * What became of a request that is answered `expected` when it is done. A refusal is certain only when the
 * platform says that nothing was changed.
 */
export function outcomeOf<Body, T>(
  { answer }: Sent<Body>,
  expected: number,
  done: (answer: Answer<Body>) => T,
): T | NotDone {
  if ("lost" in answer) return { kind: "unknown", reason: answer.lost };
  const { status, body } = answer;
  if (status === expected) return done(answer);
  const { code = "", lines } = body;
  return status < 500 || code === "CATALOG_UNAVAILABLE"
    ? { kind: "refused", status, code, ...(lines && { lines }) }
    : { kind: "unknown", reason: `${status} ${code}` };
}

/** Does an operation on a single cart; `lines` are those of the cart in the answer, if one came. */
export async function operate(
  client: HttpClient,
  shopper: Shopper,
  kind: OperationKind,
  choice: Choice & Pick<Attempt, "key" | "ifMatch">,
): Promise<{ attempt: Attempt; lines: readonly ShownLine[] | null }> {
  const sent = await send<ShownCart>(client, shopper, { ...kind.request(choice), ...choice });
  const outcome: Outcome = outcomeOf(sent, 200, ({ body, replayed }) => ({
    kind: "done",
    cart: seenCart(body),
    replayed,
  }));
  const { trace, from, to, caching, answer } = sent;
  return {
    attempt: { trace, owner: shopper.name, operation: kind.name, ...choice, from, to, caching, outcome },
    lines: outcome.kind === "done" && "body" in answer ? answer.body.items : null,
  };
}

export const seenCart = ({ cartId, version, items }: SeenCart): SeenCart => ({
  cartId,
  version,
  items: seenLines(items),
});

export const seenLines = (items: readonly Line[]): Line[] =>
  items.map(({ productId, quantity }) => ({ productId, quantity }));
