import { RUN_DIR, type State } from "./state.ts";

function rabbitOf(state: State): string {
  if (state.givenAmqpUrl !== undefined) return `that of AMQP_URL, management at ${state.managementUrl}`;
  return `${state.managementUrl} (user admin, password in ${RUN_DIR}/rabbitmq/settings.json)
             metrics: ${state.rabbitMetricsUrl}`;
}

/** What `make up` says at its end: where everything is, and a session to paste. */
export function howToUse(state: State, port: number): string {
  const base = `http://127.0.0.1:${port}`;
  return `
Cartwright is up.
  gateway    ${base}
  RabbitMQ   ${rabbitOf(state)}
  logs       ${RUN_DIR}/logs        make logs | make status | make demo | make down

Try it:
  TOKEN=$(curl -s -X POST ${base}/api/session | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')
  curl -s '${base}/api/catalog/products?limit=3'
  curl -s -X POST ${base}/api/cart/items -H "Authorization: Bearer $TOKEN" \\
       -H 'Content-Type: application/json' -d '{"productId":"stove-ember","quantity":2}'
  curl -s ${base}/api/cart -H "Authorization: Bearer $TOKEN"
`;
}
