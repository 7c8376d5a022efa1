import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";
import { createKubeClient, type KubeClient } from "../../platform/kube/kube-client.ts";
import { Registry } from "../../platform/metrics/metrics.ts";
import { recordingLogger } from "../recording-logger.ts";

/** A call that the stand-in was asked. */
export interface ApiCall {
  readonly verb: "list" | "watch";
  /** By the monotonic clock, in ms. */
  readonly at: number;
  /** How many of this verb came before. */
  readonly nth: number;
}

/** What the stand-in does with a call. */
export type Answer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: object }
  /** A watch that sends these lines and then is silent, with its socket open. */
  | { readonly lines: readonly (object | string)[]; readonly ends: "silence" | "closed" }
  /** Not even headers. */
  | "nothing";

/**
 * Stands in for an API server, over plain HTTP, in the states that a real one cannot be brought into at will:
 * that it answers 410 or 429, ends a watch at once, or says nothing in the middle of one.
 */
export interface StandInApi {
  readonly client: KubeClient;
  readonly calls: readonly ApiCall[];
  readonly lines: readonly { level: string; [field: string]: unknown }[];
  close(): Promise<void>;
}

export async function standInApi(answer: (call: ApiCall) => Answer): Promise<StandInApi> {
  const calls: ApiCall[] = [];
  const server = createServer((request, response) => {
    const verb = request.url?.includes("watch=true") ? "watch" : "list";
    const nth = calls.filter((each) => each.verb === verb).length;
    const call = { verb, at: performance.now(), nth } as const;
    calls.push(call);
    give(response, answer(call));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const config = new KubeConfig();
  const cluster = { name: "stand-in", server: `http://127.0.0.1:${port}`, skipTLSVerify: true };
  config.loadFromClusterAndUser(cluster, { name: "test" });
  const { log, lines } = recordingLogger();
  return {
    client: createKubeClient({ config, fieldManager: "test", registry: new Registry(), log }),
    calls,
    lines,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A list of objects by name. */
export function listOf(...names: string[]): Answer {
  const items = names.map((name) => ({ metadata: { name } }));
  return { status: 200, body: { metadata: { resourceVersion: "1" }, items } };
}

function give(response: ServerResponse, answer: Answer): void {
  if (answer === "nothing") return;
  if ("lines" in answer) {
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    for (const line of answer.lines)
      response.write(`${typeof line === "string" ? line : JSON.stringify(line)}\n`);
    if (answer.ends === "closed") response.end();
    return;
  }
  response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
  response.end(JSON.stringify(answer.body ?? { kind: "Status", message: "as the test wants it" }));
}
