// `helm test`: a guest adds a product through the gateway, and its event arrives at a consumer of RabbitMQ.
import { createRequire } from "node:module";

const rhea = createRequire("/app/")("rhea");
const { GATEWAY_URL, CONSUMER_PASSWORD, RABBITMQ_HOST, QUEUE } = process.env;
const fail = (text) => {
  console.error(text);
  process.exit(1);
};
setTimeout(() => fail("no event of the cart arrived within 60 s"), 60_000);

const call = async (method, path, token, body) => {
  const answer = await fetch(GATEWAY_URL + path, {
    method,
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) fail(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
};

const { accessToken } = await call("POST", "/api/session");
const { items } = await call("GET", "/api/catalog/products?limit=1", accessToken);
const cart = await call("POST", "/api/cart/items", accessToken, { productId: items[0].id, quantity: 2 });
console.log(`bought 2 of ${items[0].name}: cart ${cart.cartId}, version ${cart.version}`);

if (!RABBITMQ_HOST) {
  console.log("RabbitMQ is somebody else's: whether the event arrives there is not looked at");
  process.exit(0);
}
rhea.on("message", ({ message }) => {
  if (message.application_properties?.["cloudEvents:subject"] !== cart.cartId) return;
  console.log(`its event arrived: ${message.subject ?? message.application_properties["cloudEvents:type"]} ${message.message_id}`);
  process.exit(0);
});
rhea.on("disconnected", ({ error }) => console.error(`connection to RabbitMQ: ${error?.message ?? "closed"}`));
rhea
  .connect({ host: RABBITMQ_HOST, port: 5672, username: "consumer", password: CONSUMER_PASSWORD })
  .open_receiver({ source: `/queues/${encodeURIComponent(QUEUE)}` });
