import type { RelayTemplate } from "./replay-job.ts";
import type { CartPlatform, OutboxReplay, PlatformStatus, ReplayStatus } from "./resource.ts";
import type { Keys } from "./rotation.ts";

/** A Deployment of the release. */
export interface DeploymentState {
  readonly name: string;
  readonly replicas: number;
  readonly ready: number;
  readonly template: RelayTemplate;
}

/** A pod of the release. */
export interface PodState {
  readonly name: string;
  readonly component: string;
  readonly ready: boolean;
  /** Where its `/metrics` are; null while it has no address or no admin port. */
  readonly metricsUrl: string | null;
  readonly job: string | null;
  readonly ended: boolean;
  /** What its container left as it ended. */
  readonly terminationMessage: string | null;
}

/** A Job of the release. */
export interface JobState {
  readonly name: string;
  readonly component: string;
  readonly state: "running" | "succeeded" | "failed";
}

/**
 * A Secret with two keys, and how far its rotation has come;
 * the phase lies in the Secret, so that both change at once.
 */
export interface KeySecret {
  readonly resourceVersion: string;
  readonly keys: Keys;
  readonly phase: "settled" | "published";
  /** RFC 3339; before the first rotation the Secret's creation. */
  readonly since: string;
  readonly rotations: number;
  readonly asked: string | undefined;
}

/**
 * The cluster as the operator needs it: one namespace. Reads come from watched lists and may be a moment
 * old, but for `keySecret` and `podsOfJob`. Writes throw on a lost or refusing API server; each may safely
 * be made again.
 */
export interface Cluster {
  /** True once every list has been read. */
  synced(): boolean;
  platforms(): readonly CartPlatform[];
  replays(): readonly OutboxReplay[];
  deployments(release: string): readonly DeploymentState[];
  pods(release: string): readonly PodState[];
  jobs(release: string): readonly JobState[];
  /** The pods of one Job as they are now; throws when the API server does not say. */
  podsOfJob(name: string): Promise<readonly PodState[]>;
  /** What a pod's `/metrics` say; null when it does not answer in time. */
  scrape(url: string): Promise<string | null>;

  writePlatformStatus(platform: CartPlatform, status: PlatformStatus): Promise<void>;
  writeReplayStatus(replay: OutboxReplay, status: ReplayStatus): Promise<void>;
  scale(deployment: string, replicas: number): Promise<void>;
  /** Creates a Job; one of that name that is there already is left alone. */
  createJob(job: object): Promise<void>;
  keySecret(name: string): Promise<KeySecret>;
  /** Writes keys and phase in one step; throws when the Secret has changed since it was read. */
  writeKeySecret(name: string, secret: KeySecret): Promise<void>;
  /** Tells of what was done, as a Kubernetes Event on `about`; a lost one is logged and forgotten. */
  event(
    about: CartPlatform | OutboxReplay,
    type: "Normal" | "Warning",
    reason: string,
    message: string,
  ): Promise<void>;
}
