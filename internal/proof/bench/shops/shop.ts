import type { Parts } from "../cpu.ts";
import type { Request } from "../http-load.ts";

/** A shop's cart as its storefront uses it: over HTTP, with one product of which there is enough. */
export interface Shop {
  /** As the report calls it, with its version. */
  readonly name: string;
  readonly url: string;
  /** Every process that an add makes work. */
  readonly parts: Parts;
  /** Opens a new shopper's cart with one piece of the product in it. */
  openCart(): Promise<OpenCart>;
  /** Resolves when no work is left of what was answered. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export interface OpenCart {
  /** Adds one piece of the product. */
  readonly add: Request;
  /** Whether the answer to {@link add} says that the piece was added. */
  accepted(status: number, body: string): boolean;
  /** Pieces of the product in the cart. */
  held(): Promise<number>;
}

/** Sends a request to a shop; resolves with what it answers, whatever that is. */
export async function send(url: string, { method, path, headers, body }: Request) {
  const answer = await fetch(url + path, {
    method,
    headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, headers: answer.headers, body: await answer.text() };
}

/** The JSON that a shop answers; throws for what is no success, with the answer. */
export async function ask<T>(url: string, request: Request): Promise<T> {
  const { status, body } = await send(url, request);
  if (status >= 300) throw new Error(`${request.method} ${request.path} of ${url}: ${status} ${body}`);
  return JSON.parse(body) as T;
}
