import type { LinkEnd } from "./link-end.ts";

/** An end that stays until somebody changes the broker or the configuration; `reason` says what to change. */
export function lasting(reason: string): LinkEnd {
  return { reason, sessionFault: false, lasting: true };
}

export const WRONG_LOGIN = lasting("the broker refuses the configured user or password");
export const WRONG_VHOST = lasting(
  "the broker refuses the configured virtual host: create it, or give the user permissions in it " +
    "(rabbitmqctl add_vhost, set_permissions), or change the path of the broker's URL",
);
/** Somebody, or a topology that is set up later, has to make it. */
export const missingExchange = (exchange: string) => lasting(`exchange "${exchange}" does not exist`);
const OTHER_PROTOCOL = lasting(
  "what listens there does not speak AMQP 1.0: on RabbitMQ 3 enable the plugin " +
    "(rabbitmq-plugins enable rabbitmq_amqp1_0), elsewhere check host and port of the broker's URL",
);
const NO_TLS = lasting(
  "what listens there does not speak TLS: write amqp:// in place of amqps://, or the port of TLS (5671)",
);

/** RabbitMQ 4.0 drops a connection whose virtual host it refuses without a word, 3 s after it was asked. */
export const SILENT_REFUSAL_MS = 2_500;

/** What a driver's words of a protocol error are about; null when nobody needs to change anything. */
export function protocolFault(words: string): LinkEnd | null {
  return /AMQP version|protocol (header|version)/i.test(words) ? OTHER_PROTOCOL : null;
}

/** What the code of a socket's error is about; null when it may pass. */
export function socketFault(code: unknown): LinkEnd | null {
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER") return NO_TLS;
  if (!/SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|^CERT_|ALTNAME_INVALID/.test(String(code))) return null;
  return lasting(
    `the broker's certificate is not trusted (${code}): AMQP_CA_FILE names the authority that signed it`,
  );
}
