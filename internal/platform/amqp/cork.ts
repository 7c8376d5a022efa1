import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { AmqpAddress } from "./amqp-url.ts";

/** Opens a socket to the broker that sends what is written in one tick as one packet; `connected` is called when it is up. */
export function openSocket(address: AmqpAddress, connected: () => void): Socket {
  const { host, port } = address;
  const socket = address.tls
    ? connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }) }, connected)
    : connectTcp({ host, port }, connected);
  socket.setNoDelay(true);
  return corkWrites(socket);
}

/** rhea writes every frame by itself: gathering them takes a quarter off the CPU of a message. */
function corkWrites(socket: Socket): Socket {
  const write = socket.write;
  let corked = false;
  const uncork = () => {
    corked = false;
    socket.uncork();
  };
  socket.write = function corkedWrite(this: Socket, ...args: Parameters<Socket["write"]>): boolean {
    if (!corked) {
      corked = true;
      socket.cork();
      process.nextTick(uncork);
    }
    return write.apply(this, args);
  } as Socket["write"];
  return socket;
}
