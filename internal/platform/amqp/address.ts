/** How a broker names exchanges and queues: RabbitMQ 3.x reads v1 addresses, 4.0 and later v2. */
export type AddressVersion = "v1" | "v2";

/** The version of addresses for a broker, by the properties it sent when it opened the connection. */
export function addressVersionOf(
  broker: { product?: unknown; version?: unknown } | undefined,
): AddressVersion {
  const old = broker?.product === "RabbitMQ" && /^[0-3]\./.test(String(broker.version));
  return old ? "v1" : "v2";
}

/**
 * The target of a link to an exchange. With v1 messages are sent to it and carry the routing key as their
 * `subject`. With v2 it only shows whether the exchange exists: a link to it would use the empty routing key.
 */
export function exchangeTarget(version: AddressVersion, exchange: string): string {
  return version === "v1"
    ? `/exchange/${encodeURIComponent(exchange)}`
    : `/exchanges/${encodeURIComponent(exchange)}`;
}

/** The `to` of one v2 message on a link without a target: exchange and routing key. */
export function messageAddress(exchange: string, routingKey: string): string {
  return `/exchanges/${encodeURIComponent(exchange)}/${encodeURIComponent(routingKey)}`;
}
