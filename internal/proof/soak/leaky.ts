import { EventEmitter } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/*
 * A process that leaks on purpose, for the test of the detector: each request
 * leaks a bit of what its argument names, or of nothing. It prints its port.
 */

const memory: number[][] = [];
const sockets: Socket[] = [];
const emitter = new EventEmitter().setMaxListeners(0);
const nothing = () => {};

const leaks: Record<string, () => void> = {
  nothing,
  heap: () => memory.push(newWork()),
  timers: () => setTimeout(nothing, 3_600_000).unref(),
  listeners: () => emitter.on("news", nothing).on("news", nothing),
  sockets: () => sockets.push(connect(port, "127.0.0.1")),
};
const leak = leaks[process.argv[2] ?? "nothing"]!;

/** 160 KB. */
function newWork(): number[] {
  return Array.from({ length: 20_000 }, (_, i) => i + 0.5);
}

const server = createServer((_req, res) => {
  leak();
  emitter.once("done", nothing);
  emitter.emit("done");
  const work = newWork();
  setTimeout(() => res.end(String(work.length)), 1);
});
server.headersTimeout = 0;
server.requestTimeout = 0;
server.listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const { port } = server.address() as AddressInfo;
process.stdout.write(`listening on ${port}\n`);
