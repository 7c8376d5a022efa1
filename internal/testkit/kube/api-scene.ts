import { readFileSync } from "node:fs";
import {
  ApiException,
  ApiextensionsV1Api,
  CoreV1Api,
  type KubeConfig,
  loadYaml,
  type V1CustomResourceDefinition,
} from "@kubernetes/client-node";
import { createKubeClient, type KubeClient } from "../../platform/kube/kube-client.ts";
import type { KubeObject } from "../../platform/kube/objects.ts";
import { Registry } from "../../platform/metrics/metrics.ts";
import { eventually } from "../eventually.ts";
import { recordingLogger } from "../recording-logger.ts";
import type { KubeApiServer } from "../servers/kube-api-server.ts";
import { testKubeApiServer } from "../servers/test-servers.ts";

interface ObjectToCreate extends KubeObject {
  readonly spec?: object;
  readonly status?: object;
  /** Of a Secret, in base64. */
  readonly data?: Readonly<Record<string, string>>;
}

/** A namespace of the test's own on a real API server that knows our kinds; paths begin in the namespace. */
export interface ApiScene {
  readonly server: KubeApiServer;
  readonly namespace: string;
  readonly client: KubeClient;
  /** `/api/v1/namespaces/<ours>/pods` for `pods`, `/apis/apps/v1/namespaces/<ours>/...` for `apps/v1/...`. */
  path(resource: string): string;
  /** Creates an object, with its status where it has one. */
  create(resource: string, object: ObjectToCreate): Promise<void>;
  /** Removes the namespace from a cluster that is somebody's. */
  close(): Promise<void>;
}

/** The scene, or null where this run has no API server (which is told once). */
export async function openApiScene(): Promise<ApiScene | null> {
  const server = await testKubeApiServer();
  if (server === null) return null;
  const config = server.admin();
  const { log } = recordingLogger();
  const client = createKubeClient({ config, fieldManager: "test", registry: new Registry(), log });
  await installKinds(config, client);
  const namespace = `op-test-${process.pid}-${Date.now() % 100_000}`;
  await client.create("/api/v1/namespaces", { metadata: { name: namespace } });

  const path = (resource: string) => {
    const [group, version, ...rest] = resource.split("/");
    const grouped = version !== undefined && /^v\d/.test(version);
    return grouped
      ? `/apis/${group}/${version}/namespaces/${namespace}/${rest.join("/")}`
      : `/api/v1/namespaces/${namespace}/${resource}`;
  };
  return {
    server,
    namespace,
    client,
    path,
    create: async (resource, object) => {
      const { metadata } = await client.create<KubeObject>(path(resource), object);
      if (object.status === undefined) return;
      const { status } = object;
      await client.patch(`${path(resource)}/${metadata.name}/status`, "merge-patch+json", { status });
    },
    close: async () => {
      if (server.shared) await config.makeApiClient(CoreV1Api).deleteNamespace({ name: namespace });
    },
  };
}

/** Our kinds, where they are not there yet: a cluster of somebody's keeps the ones that it has. */
async function installKinds(config: KubeConfig, client: KubeClient): Promise<void> {
  // loadYaml renames fields (x_kubernetes_validations), which only the library's own client undoes.
  const definitions = config.makeApiClient(ApiextensionsV1Api);
  for (const kind of ["cartplatforms", "outboxreplays"]) {
    const crd = readFileSync(
      new URL(`../../../charts/cartwright/charts/operator/crds/${kind}.yaml`, import.meta.url),
      "utf8",
    );
    try {
      await definitions.createCustomResourceDefinition({ body: loadYaml<V1CustomResourceDefinition>(crd) });
    } catch (err) {
      if (!(err instanceof ApiException && err.code === 409)) throw err;
    }
    const served = () => client.get(`/apis/cartwright.dev/v1alpha1/${kind}`);
    await eventually(`${kind} are served`, served, { timeoutMs: 120_000, intervalMs: 200 });
  }
}
