// Shoppers inside the cluster: each sets quantities in a cart of its own, one
// request after the other, until /tmp/stop is there; then prints one line of JSON
// with what was answered. Runs in a pod of the product's image; see load-pod.ts.
import { existsSync } from "node:fs";

const { GATEWAY_URL, SHOPPERS } = process.env;
const refused = {};
const examples = [];
const wrong = [];
let acknowledged = 0;

const refuse = (what, more) => {
  refused[what] = (refused[what] ?? 0) + 1;
  if (examples.length < 10) examples.push(`${new Date().toISOString()} ${what} ${more}`);
};

const call = async (method, path, token, body) => {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(GATEWAY_URL + path, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
};

/** After refused requests the quantity may be what it was: then nothing changes, and the version stays. */
const follows = (version, quantity, last) =>
  version > last.version || (version === last.version && quantity === last.quantity);

/** The next tokens of a session; its own where there are none now, as at a gateway that knows no refresh. */
async function refreshed(session) {
  const { refreshToken } = session;
  const { status, body } = await call("POST", "/api/session/refresh", null, { refreshToken });
  return status === 200 ? body : session;
}

async function shop() {
  let session = (await call("POST", "/api/session")).body;
  let refreshAt = Date.now() + session.expiresIn * 500;
  let last = { version: 0, quantity: 0 };
  for (let step = 0; !existsSync("/tmp/stop"); step++) {
    try {
      if (Date.now() > refreshAt) {
        session = await refreshed(session);
        refreshAt = Date.now() + session.expiresIn * 500;
      }
      const { accessToken } = session;
      const quantity = 1 + (step % 5);
      const { status, body } = await call("PUT", "/api/cart/items/stove-ember", accessToken, { quantity });
      if (status !== 200) refuse(`${status} ${body.code}`, body.detail);
      else if (body.items[0].quantity !== quantity || !follows(body.version, quantity, last))
        wrong.push({ last, quantity, body });
      else {
        last = { version: body.version, quantity };
        acknowledged++;
      }
    } catch (error) {
      const { localPort, bytesWritten, bytesRead } = error.cause?.socket ?? {};
      const socket = `${error.cause?.message}, port ${localPort}, wrote ${bytesWritten}, read ${bytesRead}`;
      refuse(error.cause?.code ?? error.message, socket);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

await Promise.all(Array.from({ length: Number(SHOPPERS) }, shop));
process.stdout.write(`${JSON.stringify({ acknowledged, refused, examples, wrong: wrong.slice(0, 3) })}\n`);
