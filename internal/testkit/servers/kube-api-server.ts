import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { makeCertificates } from "../certificates.ts";
import { endProcess, NOT_STARTED, type ProcessId, spawnLogged, waitUntil } from "./child.ts";
import { freePort } from "./free-port.ts";

/** A real Kubernetes API server for tests: one of ours, or the one of KUBECONFIG. */
export interface KubeApiServer {
  readonly host: string;
  readonly port: number;
  /** True where somebody else uses it too: what a test makes there must go. */
  readonly shared: boolean;
  /** An administrator's configuration; with `port`, through a gate there on 127.0.0.1. */
  admin(port?: number): KubeConfig;
  stop(): Promise<void>;
}

const ADMIN_TOKEN = "the-administrator-of-a-test";

/**
 * Starts etcd and kube-apiserver of the folder `assets`, on free ports of 127.0.0.1, with RBAC and
 * without controllers: what is created lies there, and nobody acts on it.
 */
export async function startKubeApiServer(options: {
  assets: string;
  dir: string;
  onSpawn?: (process: ProcessId) => void;
}): Promise<KubeApiServer> {
  const { assets, dir, onSpawn } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const [port, etcdPort, peerPort] = [await freePort(), await freePort(), await freePort()];
  const { caFile, certFile, keyFile, ca } = makeCertificates();
  const tokens = join(dir, "tokens.csv");
  writeFileSync(tokens, `${ADMIN_TOKEN},admin,1,system:masters\n`, { mode: 0o600 });
  let etcd: ProcessId = NOT_STARTED;
  let server: ProcessId = NOT_STARTED;

  const admin: KubeApiServer["admin"] = (through = port) => {
    const config = new KubeConfig();
    const caData = Buffer.from(ca).toString("base64");
    const cluster = { name: "test", server: `https://127.0.0.1:${through}`, caData, skipTLSVerify: false };
    config.loadFromClusterAndUser(cluster, { name: "admin", token: ADMIN_TOKEN });
    return config;
  };

  const client = `http://127.0.0.1:${etcdPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const etcdLog = join(dir, "etcd.log");
  etcd = spawnLogged(
    join(assets, "etcd"),
    flags({
      "data-dir": join(dir, "etcd"),
      "listen-client-urls": client,
      "advertise-client-urls": client,
      "listen-peer-urls": peer,
      "initial-advertise-peer-urls": peer,
      "initial-cluster": `default=${peer}`,
      "unsafe-no-fsync": "true",
      "log-level": "error",
    }),
    { logFile: etcdLog, onSpawn },
  );
  await waitUntil("etcd", () => ok(`${client}/health`), {
    timeoutMs: 60_000,
    process: etcd,
    logFile: etcdLog,
  });
  const serverLog = join(dir, "kube-apiserver.log");
  server = spawnLogged(
    join(assets, "kube-apiserver"),
    flags({
      "etcd-servers": client,
      "bind-address": "127.0.0.1",
      "secure-port": String(port),
      "endpoint-reconciler-type": "none",
      "authorization-mode": "RBAC",
      "token-auth-file": tokens,
      "client-ca-file": caFile,
      "tls-cert-file": certFile,
      "tls-private-key-file": keyFile,
      "service-account-issuer": "https://kubernetes.default.svc",
      "service-account-key-file": certFile,
      "service-account-signing-key-file": keyFile,
      "service-cluster-ip-range": "10.0.0.0/24",
      // Pods are created without a controller that makes service accounts.
      "disable-admission-plugins": "ServiceAccount",
      profiling: "false",
    }),
    { logFile: serverLog, onSpawn },
  );
  const { CoreV1Api } = await import("@kubernetes/client-node");
  const probe = admin().makeApiClient(CoreV1Api);
  await waitUntil("kube-apiserver", async () => void (await probe.readNamespace({ name: "default" })), {
    timeoutMs: 300_000,
    process: server,
    logFile: serverLog,
  });
  return {
    host: "127.0.0.1",
    port,
    shared: false,
    admin,
    stop: async () => {
      await endProcess(server, "SIGTERM", 5_000);
      await endProcess(etcd, "SIGTERM", 5_000);
    },
  };
}

/** The API server that the file names, which somebody else runs. */
export function reachKubeApiServer(file: string): KubeApiServer {
  const load = () => {
    const config = new KubeConfig();
    config.loadFromFile(file);
    return config;
  };
  const url = new URL(load().getCurrentCluster()?.server ?? "https://127.0.0.1");
  const port = Number(url.port || 443);
  return {
    host: url.hostname,
    port,
    shared: true,
    admin: (through) => {
      const config = load();
      if (through === undefined) return config;
      const cluster = config.getCurrentCluster()!;
      const gate = { ...cluster, server: `https://127.0.0.1:${through}`, tlsServerName: url.hostname };
      config.clusters = [gate];
      return config;
    },
    stop: async () => {},
  };
}

function flags(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}

async function ok(url: string): Promise<void> {
  const { status } = await fetch(url);
  if (status !== 200) throw new Error(`${url} answers ${status}`);
}
