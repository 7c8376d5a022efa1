import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createInternalTokenVerifier } from "../platform/identity/internal-token.ts";
import { CART_AUDIENCE, INTERNAL_KEYS } from "./gateway-keys.ts";

/** What an upstream was asked. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** The owner in the gateway's token; null without a valid one. */
  readonly owner: string | null;
  /** The guest in it, whose token the body has presented. */
  readonly guest: string | null;
}

export interface RecordingUpstream {
  readonly url: string;
  readonly server: Server;
  /** What arrived, in order of its completion. */
  readonly asked: Asked[];
  last(): Asked;
  close(): Promise<void>;
}

const verifier = createInternalTokenVerifier({ keys: INTERNAL_KEYS, audience: CART_AUDIENCE });

/**
 * A server that notes each whole request and answers by `answer`: without one, 200 with the owner as JSON.
 */
export async function startUpstream(answer?: RequestListener): Promise<RecordingUpstream> {
  const asked: Asked[] = [];
  const server = createServer(async (req, res) => {
    let body = "";
    req.on("data", (chunk) => (body += chunk));
    req.on("error", () => {});
    req.on("end", async () => {
      const token = req.headers["x-cartwright-identity"];
      const identity = typeof token === "string" ? await verifier.verify(token) : null;
      const owner = identity?.owner ?? null;
      const { method = "", url = "", headers, rawHeaders } = req;
      const guest = identity?.guest ?? null;
      asked.push({ method, url, headers, rawHeaders, body, owner, guest });
      if (answer) answer(req, res);
      else res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ owner }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    asked,
    last: () => asked.at(-1)!,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
