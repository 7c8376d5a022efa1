import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

const LOWEST = 15_000;
/** Where `make up` looks first. */
const OF_MAKE_UP = { from: 27_000, to: 28_000 };

/**
 * A TCP port on 127.0.0.1 that nobody listens on at this moment, and that is given out by no other call of
 * any process while this one runs: a server may take a while to listen on it, or be stopped meanwhile. It
 * lies below the range from which the kernel takes the local ports of outgoing connections: a server that is
 * stopped finds its port free when it starts again, and a client that retries meanwhile cannot connect to
 * itself.
 */
export async function freePort(): Promise<number> {
  const end = outgoingPortsBegin();
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = end > LOWEST + 1_000 ? randomInt(LOWEST, end) : randomInt(LOWEST, 65_536);
    if (port >= OF_MAKE_UP.from && port < OF_MAKE_UP.to) continue;
    // Reserved before it is looked at: to look is to listen on it for a moment.
    if ((await reserved(port)) && !(await portTaken(port))) return port;
  }
  throw new Error("found no free TCP port on 127.0.0.1");
}

/** Takes the port's name among the sockets of this machine, which the kernel gives to one process alone. */
function reserved(port: number): Promise<boolean> {
  const server = createServer().unref();
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen(`\0cartwright-port-${port}`, () => resolve(true));
  });
}

function outgoingPortsBegin(): number {
  try {
    return Number(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/)[0]);
  } catch {
    return 32_768;
  }
}

/** True when another program listens there; throws when we may not listen there for another reason. */
export async function portTaken(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(true);
      else reject(new Error(`port ${port} cannot be used: ${error.message}`, { cause: error }));
    });
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(false)));
  });
}

/** The first of the ports that is free, else any free one. */
export async function portNear(...wanted: readonly number[]): Promise<number> {
  for (const port of wanted) if (!(await portTaken(port))) return port;
  return freePort();
}
