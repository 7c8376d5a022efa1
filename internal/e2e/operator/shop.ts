import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { eventually } from "../../testkit/eventually.ts";
import type { ApiScene } from "../../testkit/kube/api-scene.ts";
import { onTeardown } from "../../testkit/servers/test-servers.ts";

/** The release's name, and so the prefix of its objects. */
export const RELEASE = "cartwright";
const PLATFORM = "cartwright.dev/v1alpha1/cartplatforms";
const labels = (component: string) => ({
  "app.kubernetes.io/instance": RELEASE,
  "app.kubernetes.io/part-of": "cartwright",
  "app.kubernetes.io/component": component,
});

interface Platform {
  readonly status?: {
    readonly relays?: number;
    readonly deadEvents?: number;
    readonly observedGeneration?: number;
    readonly keys?: readonly { readonly phase: string }[];
  };
}

/**
 * A release as the operator sees it: its CartPlatform, the Deployment of its relays, and one relay's pod,
 * whose metrics the test sets. No pod runs: what the operator asks is answered by the test itself.
 */
export interface Shop {
  /** What the relay says of itself from now on. */
  figures: { behind: number; dead: number };
  platform(): Promise<Platform>;
  /** A merge patch of the CartPlatform. */
  change(change: object): Promise<void>;
  /** Resolves when the operator has written so into the status. */
  seen(what: string, look: (status: NonNullable<Platform["status"]>) => boolean): Promise<void>;
  /** How many relays the Deployment asks for. */
  relays(): Promise<number>;
}

export async function openShop(scene: ApiScene): Promise<Shop> {
  const figures = { behind: 0, dead: 0 };
  const server = createServer((_request, response) => {
    response.end(
      `outbox_partitions_behind ${figures.behind}\noutbox_broker_connected 1\noutbox_dead_events ${figures.dead}\n`,
    );
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTeardown(async () => void server.close());
  const { port } = server.address() as AddressInfo;

  const data = { current: "Y3VycmVudA==", previous: "cHJldmlvdXM=" };
  await scene.create("secrets", { metadata: { name: `${RELEASE}-session-keys` }, data });
  // Its own pods have no component: where a controller runs, it must not add relays to the scene.
  const container = { name: "outbox-relay", image: "cartwright:none" };
  const idle = { app: "idle" };
  await scene.create("apps/v1/deployments", {
    metadata: { name: `${RELEASE}-outbox-relay`, labels: labels("outbox-relay") },
    spec: {
      replicas: 1,
      selector: { matchLabels: idle },
      template: { metadata: { labels: idle }, spec: { schedulerName: "nobody", containers: [container] } },
    },
  });
  const ports = [{ name: "admin", containerPort: port }];
  await eventually("a pod may be made", async () => {
    await scene.create("pods", {
      metadata: { name: `${RELEASE}-outbox-relay-1`, labels: labels("outbox-relay") },
      spec: { schedulerName: "nobody", containers: [{ ...container, ports }] },
      status: { phase: "Running", podIP: "127.0.0.1" },
    });
    return true;
  });
  await scene.create(PLATFORM, {
    apiVersion: "cartwright.dev/v1alpha1",
    kind: "CartPlatform",
    metadata: { name: RELEASE, labels: labels("platform") },
    spec: {
      shards: 4,
      relays: { deployment: `${RELEASE}-outbox-relay`, min: 1, max: 4, scaleDownSeconds: 10 },
      keys: [{ secret: `${RELEASE}-session-keys`, everyHours: 720, overlapSeconds: 60 }],
    },
  });

  const path = scene.path(`${PLATFORM}/${RELEASE}`);
  const platform = () => scene.client.get<Platform>(path);
  return {
    figures,
    platform,
    change: async (change) => void (await scene.client.patch(path, "merge-patch+json", change)),
    seen: async (what, look) => {
      await eventually(what, async () => look((await platform()).status ?? {}), {
        timeoutMs: 60_000,
        intervalMs: 100,
      });
    },
    relays: async () => {
      const deployment = scene.path(`apps/v1/deployments/${RELEASE}-outbox-relay`);
      return (await scene.client.get<{ spec: { replicas: number } }>(deployment)).spec.replicas;
    },
  };
}
