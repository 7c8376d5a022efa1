import { readFileSync } from "node:fs";
import { z } from "zod";
import { readEnvOrExit } from "../../internal/platform/config/env.ts";
import { integer, milliseconds, processFields } from "../../internal/platform/config/fields.ts";

const MOUNTED = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

const schema = z.object({
  ...processFields,
  NAMESPACE: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "must be the name of a Kubernetes namespace")
    .prefault(mountedNamespace),
  LEASE_NAME: z.string().min(1).default("cartwright-operator"),
  LEASE_SECONDS: integer(3, 600).default(15),
  RECONCILE_INTERVAL_MS: milliseconds(500, 600_000).default(10_000),
  POD_NAME: z.string().min(1).optional(),
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
