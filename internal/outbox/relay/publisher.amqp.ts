import type { AddressVersion } from "../../platform/amqp/address.ts";
import { messageAddress } from "../../platform/amqp/address.ts";
import type { AmqpAddress } from "../../platform/amqp/amqp-url.ts";
import { createMessageEncoder } from "../../platform/amqp/message-encoder.ts";
import { createAmqpSender } from "../../platform/amqp/sender.ts";
import type { EventEnvelope } from "../../platform/event/event.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { Gauge } from "../../platform/metrics/metrics.ts";
import { tracePublish } from "./publish-trace.ts";
import type { Publisher } from "./publisher.ts";

export interface AmqpPublisherOptions {
  readonly address: AmqpAddress;
  /**
   * A topic exchange that exists; with RabbitMQ 3 it needs an
   * alternate exchange, or unroutable events are lost unseen.
   */
  readonly exchange: string;
  /** Default 10,000 ms. */
  readonly sendTimeoutMs?: number;
  /** The broker is given up after twice this without a sign of life. Default 10,000 ms. */
  readonly idleTimeoutMs?: number;
  /** How the broker names exchanges; `auto`, the default, goes by its version. */
  readonly addressVersion?: "auto" | AddressVersion;
  readonly log: Logger;
  /** Is kept at 1 while events can be sent, else 0. */
  readonly connected?: Gauge;
}

/**
 * Publishes events over AMQP 1.0 to RabbitMQ 3.10 or later, as CloudEvents 1.0 in binary mode: the attributes
 * are application properties named `cloudEvents:...`, the event's sequence among them as the extension it
 * names (a long); the data is the body. The event's id is the message-id, its type the routing key. Connects
 * in the background from the start. An event that cannot be encoded, or is larger than the broker takes, is
 * refused without being sent. While the broker takes nothing (a memory or disk alarm) the connection stays,
 * fault() says so, and attempts are unknown at once.
 */
export function createAmqpPublisher(options: AmqpPublisherOptions): Publisher {
  const {
    exchange,
    connected,
    log,
    sendTimeoutMs = 10_000,
    idleTimeoutMs = 10_000,
    addressVersion = "auto",
  } = options;
  const encode = createEventEncoder(exchange);
  const sender = createAmqpSender({
    address: options.address,
    exchange,
    addressVersion,
    sendTimeoutMs,
    idleTimeoutMs,
    log,
    onState: (up) => connected?.set(up ? 1 : 0),
  });
  return {
    publish: (event) => tracePublish(event, exchange, () => sender.send((version) => encode(event, version))),
    ready: (signal) => sender.ready(signal),
    fault: () => sender.fault(),
    close: () => sender.close(),
  };
}

/** CloudEvents AMQP binding 1.0.2, section 3.1: binary content mode. */
function createEventEncoder(exchange: string) {
  const encoders = new Map<string, ReturnType<typeof createMessageEncoder>>();
  function encoderOf(sequenceName: string) {
    let encoder = encoders.get(sequenceName);
    if (encoder === undefined) {
      encoder = createMessageEncoder({
        contentType: "application/json",
        names: [
          "cloudEvents:specversion",
          "cloudEvents:id",
          "cloudEvents:type",
          "cloudEvents:source",
          "cloudEvents:subject",
          "cloudEvents:time",
          "cloudEvents:traceparent",
          `cloudEvents:${sequenceName}`,
        ],
      });
      encoders.set(sequenceName, encoder);
    }
    return encoder;
  }
  const addresses = new Map<string, string>();
  function addressOf(type: string): string {
    let address = addresses.get(type);
    if (address === undefined) {
      address = messageAddress(exchange, type);
      addresses.set(type, address);
    }
    return address;
  }
  return (
    { id, source, type, subject, sequence, sequenceName, data, traceparent, occurredAt }: EventEnvelope,
    style: AddressVersion,
  ) =>
    encoderOf(sequenceName)({
      messageId: id,
      to: style === "v2" ? addressOf(type) : null,
      // The routing key for RabbitMQ 3; RabbitMQ 4 ignores it.
      subject: type,
      createdAt: occurredAt,
      properties: [
        "1.0",
        id,
        type,
        source,
        subject,
        new Date(occurredAt).toISOString(),
        traceparent,
        sequence,
      ],
      body: data,
    });
}
