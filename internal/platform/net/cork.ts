import type { Socket } from "node:net";

/**
 * Makes a socket send what is written in one go as one packet, instead of one
 * system call a write. `until` says when a go ends: at the end of the current
 * `tick`, or once all input of this `turn` of the event loop has been handled.
 */
export function corkWrites(socket: Socket, until: "tick" | "turn"): Socket {
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
      if (until === "tick") process.nextTick(uncork);
      else setImmediate(uncork);
    }
    return write.apply(this, args);
  } as Socket["write"];
  return socket;
}
