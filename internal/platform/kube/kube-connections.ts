import type { KubeConfig } from "@kubernetes/client-node";
import { Agent, type buildConnector, type Dispatcher } from "undici";

/**
 * Makes all calls of `config` share one agent: by itself it makes a new one, and with it a TLS connection,
 * for every call. HTTP/1.1 alone: over HTTP/2 one connection carries everything, and when that one is cut
 * without a word (a load balancer, a lost node) no call gets through until TCP gives up, many minutes later.
 */
export function keepConnections(config: KubeConfig): void {
  const create = config["createDispatcher"].bind(config);
  let made: Dispatcher | undefined;
  config["createDispatcher"] = (
    ...[cluster, agentOptions]: Parameters<KubeConfig["createDispatcherOptions"]>
  ) => {
    made ??=
      dispatcherOf(config.createDispatcherOptions(cluster, agentOptions)) ?? create(cluster, agentOptions);
    return made;
  };
}

/** Null for what goes through a proxy. */
function dispatcherOf(options: ReturnType<KubeConfig["createDispatcherOptions"]>): Dispatcher | null {
  if (options.type === "none") return new Agent({ allowH2: false });
  if (options.type !== "agent") return null;
  return new Agent({ connect: options.connect as buildConnector.BuildOptions, allowH2: false });
}
