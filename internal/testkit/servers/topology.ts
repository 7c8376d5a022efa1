import { readFileSync } from "node:fs";
import type { AmqpAddress } from "../../platform/amqp/amqp-url.ts";

/** RabbitMQ's definitions, as far as the topology uses them. */
export interface Topology {
  readonly exchanges: readonly Named[];
  readonly queues: readonly Named[];
  readonly bindings: readonly (Omit<Named, "name"> & {
    readonly source: string;
    readonly destination: string;
    readonly routing_key: string;
  })[];
}

interface Named {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

export type QueueType = "classic" | "quorum";

/** The exchanges, queues and bindings of the platform, with queues of this type. */
export function topology(queueType: QueueType): Topology {
  const text = readFileSync(new URL("./rabbitmq-topology.json", import.meta.url), "utf8");
  const definitions = JSON.parse(text) as Topology;
  const type = { "x-queue-type": queueType };
  return {
    ...definitions,
    queues: definitions.queues.map((queue) => ({ ...queue, arguments: { ...queue.arguments, ...type } })),
  };
}

/** A broker's management API, with the login of its AMQP_URL. */
export interface Management {
  readonly url: string;
  readonly address: AmqpAddress;
}

/**
 * The management API of the broker at `address`: at `given` (MANAGEMENT_URL), else
 * where RabbitMQ has it, on the first host, port 15672, or 15671 with TLS.
 */
export function managementOf(address: AmqpAddress, given: string | undefined): Management {
  const { host } = address.hosts[0]!;
  const authority = host.includes(":") ? `[${host}]` : host;
  const usual = address.tls ? `https://${authority}:15671` : `http://${authority}:15672`;
  const url = given || usual;
  if (!/^https?:\/\/[^/@]+\/?$/.test(url)) {
    throw new Error("MANAGEMENT_URL must look like http://host:15672; user and password are AMQP_URL's");
  }
  return { url: url.replace(/\/$/, ""), address };
}

/**
 * Declares exchanges, queues and bindings in the virtual host of the address; what is there as it should be
 * stays. Queues are quorum queues on RabbitMQ 4, classic ones on 3. Throws with what to change at the broker.
 * Returns the broker's version and the type of the queues.
 */
export async function setUpTopology(
  management: Management,
): Promise<{ version: string; queueType: QueueType }> {
  const vhost = encodeURIComponent(management.address.vhost ?? "/");
  const overview = (await call(management, "GET", "overview")) as { rabbitmq_version: string };
  const version = overview.rabbitmq_version;
  const queueType = /^[0-3]\./.test(version) ? "classic" : "quorum";
  const { exchanges, queues, bindings } = topology(queueType);
  const settings = ({ name: _name, vhost: _vhost, ...rest }: Named) => rest;
  for (const exchange of exchanges)
    await call(management, "PUT", `exchanges/${vhost}/${exchange.name}`, settings(exchange));
  for (const queue of queues) await call(management, "PUT", `queues/${vhost}/${queue.name}`, settings(queue));
  for (const { source, destination, routing_key, arguments: given } of bindings)
    await call(management, "POST", `bindings/${vhost}/e/${source}/q/${destination}`, {
      routing_key,
      arguments: given,
    });
  return { version, queueType };
}

async function call(
  { url, address }: Management,
  method: "GET" | "PUT" | "POST",
  path: string,
  body?: unknown,
): Promise<unknown> {
  const login = Buffer.from(`${address.username}:${address.password}`).toString("base64");
  let answer: Response;
  try {
    answer = await fetch(`${url}/api/${path}`, {
      method,
      headers: { authorization: `Basic ${login}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
  } catch (cause) {
    const { message, cause: deeper } = cause as Error & { cause?: Error };
    throw new Error(
      `RabbitMQ's management API does not answer at ${url} (${deeper?.message || message}): enable the plugin ` +
        "rabbitmq_management, or say where it is with MANAGEMENT_URL=http://host:15672",
      { cause },
    );
  }
  const text = await answer.text();
  if (!answer.ok) throw new Error(refusal(answer.status, path, text));
  return text === "" ? null : JSON.parse(text);
}

function refusal(status: number, path: string, text: string): string {
  const what = decodeURIComponent(path);
  if (status === 401)
    return "RabbitMQ's management API refuses the login of AMQP_URL: it must be right, and the user needs the tag management";
  if (status === 403)
    return `the user of AMQP_URL may not configure ${what}: use an administrator's AMQP_URL`;
  if (status === 404)
    return `RabbitMQ does not know the virtual host of ${what}: create it, or change AMQP_URL`;
  if (/inequivalent arg/.test(text))
    return `${what} exists with other settings; delete it there, or keep it and do without this command: ${text.slice(0, 300)}`;
  return `RabbitMQ refused ${what} with ${status}: ${text.slice(0, 300)}`;
}
