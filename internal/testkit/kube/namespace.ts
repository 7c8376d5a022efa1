import { spawn } from "node:child_process";
import { once } from "node:events";
import { eventually } from "../eventually.ts";
import { freePort } from "../servers/free-port.ts";
import { attempt, type Ran, run } from "./tool.ts";

/** A namespace of the test's own that enforces Pod Security "restricted". */
export interface Namespace {
  readonly name: string;
  /** kubectl in this namespace; throws when it fails. */
  kubectl(args: readonly string[], options?: { input?: string; timeoutMs?: number }): Promise<string>;
  /** kubectl in this namespace, whatever its exit code. */
  tryKubectl(args: readonly string[], options?: { input?: string; timeoutMs?: number }): Promise<Ran>;
  /**
   * The names of pods, by uid, that are not on their way out and belong to no Job; of one component, or all.
   */
  pods(component?: string): Promise<Map<string, string>>;
  /** A local port that leads to `service/<name>` or `pod/<name>`; `close` ends it. */
  forward(target: string, port: number): Promise<{ url: string; close: () => Promise<void> }>;
  delete(): Promise<void>;
}

interface Pod {
  readonly metadata: {
    uid: string;
    name: string;
    deletionTimestamp?: string;
    ownerReferences?: readonly { kind: string }[];
  };
  readonly status: { phase: string };
}

export async function createNamespace(name: string): Promise<Namespace> {
  const restricted = { "pod-security.kubernetes.io/enforce": "restricted" };
  const manifest = { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: restricted } };
  await run("kubectl", ["create", "-f", "-"], { input: JSON.stringify(manifest) });

  const tryKubectl: Namespace["tryKubectl"] = (args, options = {}) =>
    attempt("kubectl", ["--namespace", name, ...args], { timeoutMs: 180_000, ...options });
  const kubectl: Namespace["kubectl"] = (args, options = {}) =>
    run("kubectl", ["--namespace", name, ...args], { timeoutMs: 180_000, ...options });

  return {
    name,
    kubectl,
    tryKubectl,
    pods: async (component) => {
      const selector = component === undefined ? [] : ["-l", `app.kubernetes.io/component=${component}`];
      const { items } = JSON.parse(await kubectl(["get", "pods", "-o", "json", ...selector])) as {
        items: Pod[];
      };
      const alive = items.filter(
        ({ metadata, status }) =>
          metadata.deletionTimestamp === undefined &&
          metadata.ownerReferences?.[0]?.kind !== "Job" &&
          ["Running", "Pending"].includes(status.phase),
      );
      return new Map(alive.map(({ metadata }) => [metadata.uid, metadata.name]));
    },
    forward: async (target, port) => {
      const local = await freePort();
      const args = ["--namespace", name, "port-forward", target, `${local}:${port}`];
      const child = spawn("kubectl", args, { stdio: ["ignore", "pipe", "pipe"] });
      let said = "";
      child.stdout.on("data", (data) => {
        said += data;
      });
      child.stderr.on("data", (data) => {
        said += data;
      });
      await eventually(`port-forward to ${target}: ${said}`, () =>
        said.includes("Forwarding from 127.0.0.1"),
      );
      return {
        url: `http://127.0.0.1:${local}`,
        close: async () => {
          if (child.exitCode !== null) return;
          child.kill();
          await once(child, "exit");
        },
      };
    },
    delete: async () => {
      await run("kubectl", ["delete", "namespace", name, "--wait", "--timeout=180s"], { timeoutMs: 200_000 });
    },
  };
}
