import { readFileSync } from "node:fs";
import { eventually } from "../eventually.ts";
import type { Namespace } from "./namespace.ts";

export interface LoadReport {
  readonly acknowledged: number;
  /** Requests that were not answered 200, by status and code or by error. */
  readonly refused: Readonly<Record<string, number>>;
  /** The first of them, each with its time and what is known of it. */
  readonly examples: readonly string[];
  /** Answers 200 that say something else than what was asked for. */
  readonly wrong: readonly unknown[];
}

const RIGHTS = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

/** A pod that runs `script` with the product's image, as strict as Pod Security "restricted" wants it. */
export function podOf(options: {
  name: string;
  image: string;
  args: readonly string[];
  labels?: Record<string, string>;
  env?: Record<string, string>;
}): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: options.name, labels: options.labels ?? {} },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "node",
          image: options.image,
          command: ["node", ...options.args],
          env: Object.entries(options.env ?? {}).map(([name, value]) => ({ name, value })),
          // Starved of CPU, a client would find connections closed that it has not looked at for seconds.
          resources: { requests: { cpu: "200m", memory: "64Mi" } },
          securityContext: RIGHTS,
          volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
        },
      ],
      volumes: [{ name: "tmp", emptyDir: {} }],
    },
  };
}

/**
 * Starts shoppers inside the cluster: a port-forward would end
 * with the pod it leads to. `stop` resolves to what they saw.
 */
export async function startLoadPod(
  namespace: Namespace,
  options: { image: string; gatewayUrl: string; shoppers: number },
): Promise<{ stop: () => Promise<LoadReport> }> {
  const name = `load-${Date.now()}`;
  const script = readFileSync(new URL("./load.mjs", import.meta.url), "utf8");
  const pod = podOf({
    name,
    image: options.image,
    args: ["--input-type=module", "-e", script],
    env: { GATEWAY_URL: options.gatewayUrl, SHOPPERS: String(options.shoppers) },
  });
  await namespace.kubectl(["create", "-f", "-"], { input: JSON.stringify(pod) });
  await namespace.kubectl(["wait", `pod/${name}`, "--for=condition=Ready", "--timeout=60s"]);
  const phase = () => namespace.kubectl(["get", "pod", name, "-o", "jsonpath={.status.phase}"]);
  return {
    stop: async () => {
      const touch = `require("node:fs").writeFileSync("/tmp/stop", "")`;
      await namespace.kubectl(["exec", name, "--", "node", "-e", touch]);
      await eventually("the shoppers are done", async () => (await phase()) === "Succeeded", {
        intervalMs: 200,
      });
      const report = JSON.parse(await namespace.kubectl(["logs", name])) as LoadReport;
      await namespace.kubectl(["delete", "pod", name, "--now"]);
      return report;
    },
  };
}
