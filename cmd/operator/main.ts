import { randomUUID } from "node:crypto";
import { openCluster } from "../../internal/operator/cluster.kube.ts";
import { startController } from "../../internal/operator/controller.ts";
import { createOperatorMetrics } from "../../internal/operator/metrics.ts";
import { createKubeClient, loadKubeConfig } from "../../internal/platform/kube/kube-client.ts";
import { electLeader } from "../../internal/platform/kube/leader.ts";
import { startService } from "../../internal/platform/service/service.ts";
import { readConfig } from "./config.ts";

const config = readConfig();
const { log, registry, lifecycle } = await startService("operator", config);
const { NAMESPACE: namespace, LEASE_NAME: name, LEASE_SECONDS: leaseSeconds } = config;
const identity = config.POD_NAME ?? randomUUID();

const fieldManager = "cartwright-operator";
const client = createKubeClient({ config: loadKubeConfig(), fieldManager, registry, log });
const wake = () => controller.wake();
const election = electLeader({ client, namespace, name, identity, leaseSeconds, gained: wake, log });
lifecycle.onStop("leader election", () => election.stop());
const { leading, leadsFor } = election;
const cluster = openCluster({ client, namespace, identity, leadsFor, changed: wake, log });
lifecycle.onStop("watches", () => cluster.close());
const controller = startController({
  cluster,
  release: config.RELEASE,
  leading,
  intervalMs: config.RECONCILE_INTERVAL_MS,
  metrics: createOperatorMetrics(registry, leading),
  log,
});
lifecycle.onStop("controller", () => controller.stop());
lifecycle.addCheck("kubernetes", async () => {
  if (!cluster.synced()) throw new Error("the cluster's state has not been read");
});
lifecycle.ready();
