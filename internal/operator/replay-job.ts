import { API_VERSION, type OutboxReplay } from "./resource.ts";

/** The parts of a pod template that a replay takes over from the relay. */
export interface RelayTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly serviceAccountName?: string;
    readonly automountServiceAccountToken?: boolean;
    readonly imagePullSecrets?: readonly unknown[];
    readonly securityContext?: unknown;
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly tolerations?: readonly unknown[];
    readonly volumes?: readonly { readonly name: string }[];
    readonly containers: readonly {
      readonly name: string;
      readonly image: string;
      readonly imagePullPolicy?: string;
      readonly env?: readonly { readonly name: string }[];
      readonly envFrom?: readonly unknown[];
      readonly volumeMounts?: readonly { readonly name: string }[];
      readonly securityContext?: unknown;
    }[];
  };
}

/** What outbox-admin needs of the relay's environment. */
const ENVIRONMENT = /^DATABASE_/;

const RESOURCES = { requests: { cpu: "20m", memory: "96Mi" }, limits: { memory: "256Mi" } };

/**
 * A Job's name is at most 63 characters, no dot stands before a hyphen in it,
 * and one name may be used again after its resource was deleted.
 */
export function jobNameOf(replay: OutboxReplay): string {
  const name = replay.metadata.name.slice(0, 40).replace(/\.$/, "");
  return `replay-${name}-${(replay.metadata.uid ?? "").slice(0, 8)}`;
}

/**
 * The Job that runs a replay once: the relay's image, nodes, identity and database credentials, with the
 * selector as arguments. Its result is the last container's termination message, JSON
 * `{"matched","replayed"}`. A pod that was lost runs again: a replay that has happened matches nothing more.
 */
export function replayJob(replay: OutboxReplay, relay: RelayTemplate, release: string): object {
  const container = relay.spec.containers[0];
  if (!container) throw new Error("the relay's Deployment has no container");
  const name = jobNameOf(replay);
  const labels = {
    "app.kubernetes.io/instance": release,
    "app.kubernetes.io/component": "outbox-replay",
    "app.kubernetes.io/managed-by": "cartwright-operator",
    "app.kubernetes.io/part-of": "cartwright",
  };
  const { volumes, serviceAccountName, automountServiceAccountToken, imagePullSecrets, securityContext } =
    relay.spec;
  const { nodeSelector, tolerations } = relay.spec;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name,
      labels,
      ownerReferences: [
        {
          apiVersion: API_VERSION,
          kind: "OutboxReplay",
          name: replay.metadata.name,
          uid: replay.metadata.uid,
          controller: true,
        },
      ],
    },
    spec: {
      backoffLimit: 3,
      activeDeadlineSeconds: 3_600,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: "Never",
          serviceAccountName,
          automountServiceAccountToken,
          imagePullSecrets,
          securityContext,
          nodeSelector,
          tolerations,
          volumes,
          containers: [
            {
              name: "replay",
              image: container.image,
              imagePullPolicy: container.imagePullPolicy,
              args: ["outbox-admin", "replay", ...selectorArguments(replay).map(verbatim)],
              env: [
                ...(container.env ?? []).filter((variable) => ENVIRONMENT.test(variable.name)),
                { name: "RESULT_FILE", value: "/dev/termination-log" },
              ],
              volumeMounts: container.volumeMounts,
              securityContext: container.securityContext,
              resources: RESOURCES,
            },
          ],
        },
      },
    },
  };
}

function selectorArguments({ spec: { selector, dryRun } }: OutboxReplay): string[] {
  const { ids = [], subject, type, errorContains, before, all } = selector;
  return [
    ...(all === true ? ["--all"] : []),
    ...ids.map((id) => `--id=${id}`),
    ...(subject === undefined ? [] : [`--subject=${subject}`]),
    ...(type === undefined ? [] : [`--type=${type}`]),
    ...(errorContains === undefined ? [] : [`--error=${errorContains}`]),
    ...(before === undefined ? [] : [`--before=${before}`]),
    ...(dryRun === true ? ["--dry-run"] : []),
  ];
}

/** As Kubernetes, which expands `$(NAME)` in arguments and makes `$$` one `$`, must be given it. */
function verbatim(argument: string): string {
  return argument.replaceAll("$", "$$$$");
}
