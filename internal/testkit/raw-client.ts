import { connect, type Socket } from "node:net";

/** A connection on which a test says exactly what it wants, byte by byte. */
export interface RawClient {
  readonly socket: Socket;
  /** All that came so far. */
  text(): string;
  closed(): boolean;
}

/** Connects to a port and sends `request` as it is, but with its line ends made CRLF. */
export function sendRaw(port: number, request: string): RawClient {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  let closed = false;
  socket.on("data", (data) => (text += data));
  socket.on("error", () => {});
  socket.on("close", () => {
    closed = true;
  });
  socket.write(request.replaceAll("\n", "\r\n"));
  return { socket, text: () => text, closed: () => closed };
}
