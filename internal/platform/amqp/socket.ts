import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { corkWrites } from "../net/cork.ts";
import type { AmqpAddress, AmqpHost } from "./amqp-url.ts";

/**
 * Opens a socket to one host of the broker that sends what is written in
 * one tick as one packet; `connected` is called when it is up.
 */
export function openSocket(
  { host, port }: AmqpHost,
  { tls, ca }: AmqpAddress,
  connected: () => void,
): Socket {
  const socket = tls
    ? connectTls(
        { host, port, ...(isIP(host) === 0 && { servername: host }), ...(ca !== undefined && { ca }) },
        connected,
      )
    : connectTcp({ host, port }, connected);
  socket.setNoDelay(true);
  // rhea writes every frame by itself: gathering them takes a quarter off the CPU of a message.
  return corkWrites(socket, "tick");
}
