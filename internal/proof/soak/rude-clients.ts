import { request } from "node:http";
import { connect } from "node:net";

/*
 * Clients that do not behave: what they leave behind on a server is what a soak looks
 * for. Each returns when its connection is closed, and has a bound of its own.
 */

const DEADLINE_MS = 10_000;

export type RudeClient = (gatewayUrl: string, authorization: string) => Promise<void>;

/** Goes away as soon as its request is on its way. */
const leavesAtOnce: RudeClient = (gatewayUrl, authorization) =>
  new Promise((resolve) => {
    const req = request(`${gatewayUrl}/api/cart`, { agent: false, headers: { authorization } });
    req.on("error", () => {}).on("close", resolve);
    req.on("socket", (socket) => socket.on("connect", () => setImmediate(() => req.destroy())));
    req.setTimeout(DEADLINE_MS, () => req.destroy()).end();
  });

/** Goes away when the answer begins. */
const leavesWhileAnswered: RudeClient = (gatewayUrl, authorization) =>
  new Promise((resolve) => {
    const req = request(`${gatewayUrl}/api/cart`, { agent: false, headers: { authorization } }, () =>
      req.destroy(),
    );
    req.on("error", () => {}).on("close", resolve);
    req.setTimeout(DEADLINE_MS, () => req.destroy()).end();
  });

/** Promises a body, sends a part of it, and goes away. */
const sendsHalf: RudeClient = (gatewayUrl, authorization) =>
  raw(
    gatewayUrl,
    `POST /api/cart/items HTTP/1.1\r\nHost: gateway\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{"productId":`,
    100,
  );

/** Speaks no HTTP. */
const talksNonsense: RudeClient = (gatewayUrl) =>
  raw(gatewayUrl, "\x16\x03\x01 nonsense\r\n\r\n", DEADLINE_MS);

/** Connects and says nothing for a while. */
const saysNothing: RudeClient = (gatewayUrl) => raw(gatewayUrl, "", 2_000);

export const RUDE_CLIENTS: readonly RudeClient[] = [
  leavesAtOnce,
  leavesWhileAnswered,
  sendsHalf,
  talksNonsense,
  saysNothing,
];

/** Sends bytes and resets the connection after so long, unless the server closes it first. */
function raw(gatewayUrl: string, bytes: string, leaveAfterMs: number): Promise<void> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(gatewayUrl);
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const leave = setTimeout(() => socket.resetAndDestroy(), leaveAfterMs);
    socket.on("data", () => {});
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(leave);
      resolve();
    });
  });
}
