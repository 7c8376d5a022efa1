import { readFileSync } from "node:fs";
import { z } from "zod";
import { readEnvOrExit } from "../../internal/platform/config/env.ts";
import { integer, milliseconds, serviceFields } from "../../internal/platform/config/fields.ts";

const MOUNTED = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

export const schema = z.object({
  ...serviceFields,
  NAMESPACE: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "must be the name of a Kubernetes namespace")
    .prefault(mountedNamespace)
    .describe("the namespace to look after; without it that of the pod's service account"),
  RELEASE: z
    .string()
    .min(1)
    .optional()
    .describe("the Helm release to look after; without it every CartPlatform of the namespace"),
  LEASE_NAME: z
    .string()
    .min(1)
    .default("cartwright-operator")
    .describe("the Lease by which one operator leads"),
  LEASE_SECONDS: integer(3, 600).default(30).describe("s without renewal after which another operator leads"),
  RECONCILE_INTERVAL_MS: milliseconds(500, 600_000)
    .default(10_000)
    .describe("ms between reconciliations when nothing changes"),
  POD_NAME: z.string().min(1).optional().describe("its name in the Lease; without it a random one"),
});

/** The namespace of the pod's service account; empty, and so a fault of NAMESPACE, outside a cluster. */
function mountedNamespace(): string {
  try {
    return readFileSync(MOUNTED, "utf8").trim();
  } catch {
    return "";
  }
}

export const readConfig = (): z.infer<typeof schema> => readEnvOrExit(schema, process.env);
