import { eventually } from "../../testkit/eventually.ts";
import type { Namespace } from "../../testkit/kube/namespace.ts";
import { NAME } from "./scene.ts";

interface ManagedObject {
  readonly metadata: {
    readonly managedFields: readonly { readonly manager: string; readonly fieldsV1: object }[];
  };
}

export interface PlatformStatus {
  readonly relays?: number;
  readonly deadEvents?: number;
  readonly pendingEvents?: number;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  readonly keys?: readonly { readonly secret: string; readonly phase: string; readonly rotations: number }[];
}

/** The CartPlatform of a release, as kubectl shows it. */
export interface Platform {
  status(): Promise<PlatformStatus>;
  /** `kubectl get cartplatform`, a row of columns by heading. */
  row(): Promise<Record<string, string>>;
  /** Resolves when the status says so. */
  says(what: string, look: (status: PlatformStatus) => boolean, timeoutMs?: number): Promise<void>;
  annotate(annotation: string): Promise<void>;
  /** The reasons of its Events, oldest first. */
  reasons(): Promise<string[]>;
  relays(): Promise<number>;
  /** Who owns a field such as `f:spec.f:replicas` of an object. */
  owners(object: string, field: string): Promise<string[]>;
}

export function platformOf(namespace: Namespace): Platform {
  const get = async <T>(...args: string[]): Promise<T> =>
    JSON.parse(await namespace.kubectl(["get", ...args, "-o", "json"]));
  const status = async () => (await get<{ status?: PlatformStatus }>("cartplatform", NAME)).status ?? {};
  return {
    status,
    row: async () => {
      const [heading = "", row = ""] = (await namespace.kubectl(["get", "cartplatform"])).split("\n");
      const values = row.trim().split(/\s+/);
      return Object.fromEntries(
        heading
          .trim()
          .split(/\s+/)
          .map((name, at) => [name, values[at] ?? ""]),
      );
    },
    says: async (what, look, timeoutMs = 120_000) => {
      await eventually(what, async () => look(await status()), { timeoutMs, intervalMs: 500 });
    },
    annotate: async (annotation) =>
      void (await namespace.kubectl(["annotate", "--overwrite", "cartplatform", NAME, annotation])),
    reasons: async () => {
      const args = ["events", "--sort-by=.metadata.creationTimestamp", "--field-selector"];
      interface Events {
        readonly items: readonly { readonly reason: string }[];
      }
      const { items } = await get<Events>(...args, "involvedObject.kind=CartPlatform");
      return items.map(({ reason }) => reason);
    },
    relays: async () => {
      const relay = await get<{ spec: { replicas: number } }>("deployment", `${NAME}-outbox-relay`);
      return relay.spec.replicas;
    },
    owners: async (object, field) => {
      const { metadata } = await get<ManagedObject>(object, "--show-managed-fields");
      return metadata.managedFields.flatMap(({ manager, fieldsV1 }) =>
        owns(fieldsV1, field) ? [manager] : [],
      );
    },
  };
}

function owns(fields: object, path: string): boolean {
  let at: unknown = fields;
  for (const part of path.split(".")) at = (at as Record<string, unknown> | undefined)?.[part];
  return at !== undefined;
}
