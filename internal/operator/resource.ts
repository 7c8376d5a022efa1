import type { Condition, KubeObject } from "../platform/kube/objects.ts";

export const GROUP = "cartwright.dev";
export const VERSION = "v1alpha1";
export const API_VERSION = `${GROUP}/${VERSION}`;

/** On a CartPlatform, `"true"`: the number of relays is left as it is. */
export const PAUSE_ANNOTATION = `${GROUP}/pause-scaling`;
/** On a CartPlatform, any new value: rotate every key now. */
export const ROTATE_ANNOTATION = `${GROUP}/rotate-keys`;

/** One release of Cartwright; the chart's `crds/cartplatforms.yaml` is its schema. */
export interface CartPlatform extends KubeObject {
  readonly spec: {
    /** CART_SHARDS of the release; cannot be changed. */
    readonly shards: number;
    readonly relays: {
      /** The Deployment of outbox-relay. */
      readonly deployment: string;
      readonly min: number;
      readonly max: number;
      /** How long fewer relays must have been enough before one is taken away. */
      readonly scaleDownSeconds: number;
    };
    /** Secrets with the entries `current` and `previous`. */
    readonly keys: readonly {
      readonly secret: string;
      readonly everyHours: number;
      readonly overlapSeconds: number;
    }[];
  };
  readonly status?: PlatformStatus;
}

export interface PlatformStatus {
  readonly observedGeneration: number;
  readonly conditions: readonly Condition[];
  /** As `ready/wanted`. */
  readonly ready: string;
  readonly relays: number;
  /**
   * Age of the oldest event that is neither published nor dead, such as `0s`; absent when it is not known.
   */
  readonly lag?: string;
  readonly stagedEvents?: number;
  readonly pendingEvents?: number;
  readonly deadEvents?: number;
  readonly activeCarts?: number;
  readonly keys: readonly KeyStatus[];
}

/** How far the rotation of one secret has come. */
export interface KeyStatus {
  readonly secret: string;
  /** `published`: the next key is accepted everywhere, but nobody signs with it yet. */
  readonly phase: "settled" | "published";
  /** RFC 3339; when the phase began. */
  readonly since: string;
  /** How often the key has been replaced. */
  readonly rotations: number;
  /** The value of the annotation that was last followed. */
  readonly asked?: string;
}

/** Makes dead events pending again, run once; the chart's `crds/outboxreplays.yaml` is its schema. */
export interface OutboxReplay extends KubeObject {
  readonly spec: {
    readonly selector: {
      readonly ids?: readonly string[];
      readonly subject?: string;
      readonly type?: string;
      readonly errorContains?: string;
      /** RFC 3339; events parked before it. */
      readonly before?: string;
      readonly all?: boolean;
    };
    readonly dryRun?: boolean;
  };
  readonly status?: ReplayStatus;
}

export interface ReplayStatus {
  readonly observedGeneration: number;
  readonly phase: "Running" | "Complete" | "Failed";
  readonly job: string;
  readonly matched?: number;
  readonly replayed?: number;
  /** RFC 3339. */
  readonly completedAt?: string;
  readonly conditions: readonly Condition[];
}

/** The Helm release that a resource speaks of. */
export function releaseOf(resource: KubeObject): string {
  return resource.metadata.labels?.["app.kubernetes.io/instance"] ?? resource.metadata.name;
}
