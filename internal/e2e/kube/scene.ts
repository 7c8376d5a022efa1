import { eventually } from "../../testkit/eventually.ts";
import { findHelms, type Release, releaseOf } from "../../testkit/kube/helm.ts";
import { type LoadReport, startLoadPod } from "../../testkit/kube/load-pod.ts";
import { createNamespace, type Namespace } from "../../testkit/kube/namespace.ts";
import { run } from "../../testkit/kube/tool.ts";
import { CRDS } from "./former-chart.ts";

/** The release's name, and so the prefix of its objects. */
export const NAME = "cartwright";

/** What the releases run, and the shoppers. */
export const IMAGE = process.env.IMAGE ?? "cartwright:dev";
const HELMS = await findHelms();

/** A release in a namespace of its own, and what its scenes ask of it again and again. */
export interface Scene {
  readonly namespace: Namespace;
  readonly release: Release;
  /** Shoppers in the cluster; see startLoadPod. */
  load(): Promise<{ stop: () => Promise<LoadReport> }>;
  /** Waits until a Deployment or StatefulSet of the release is rolled out. */
  ready(kind: "deployment" | "statefulset", part: string): Promise<unknown>;
  /** Waits until every event in SQL is published. */
  nothingPending(): Promise<unknown>;
  /** How many published events are in SQL. */
  published(): Promise<number>;
  /** Runs a statement on PostgreSQL as the services' user; what it selects, as text. */
  sql(statement: string): Promise<string>;
  /** Does to SQL what `migrate` of a newer version would have done. */
  newerSchema(kind: "expanding" | "contracting"): Promise<void>;
  /** Takes the record of such migrations away. */
  forgetNewerSchema(): Promise<unknown>;
  /** Why a pod says that it is not ready. */
  readiness(pod: string): Promise<string>;
  /** The names of the pods that are gone, or replaced, after a change. */
  restartedBy(change: () => Promise<void>): Promise<string[]>;
}

/**
 * Opens a scene before the tests of the suite that calls it, and deletes its namespace after them (KEEP=1
 * leaves it), whose name begins with `prefix`; without a Helm of that major version the suite is skipped.
 */
export function withScene(major: 3 | 4, prefix: string, use: (scene: Scene) => void): void {
  let scene: Scene | undefined;
  before(async function () {
    const helm = HELMS.get(major);
    if (helm === undefined) {
      process.stdout.write(`      there is no Helm ${major}: its scenes do not run\n`);
      return this.skip();
    }
    await run("kubectl", ["apply", "--server-side", "--force-conflicts", "-f", CRDS]);
    scene = await openScene(helm, `${prefix}-${major}-${Date.now() % 100_000}`);
    use(scene);
  });
  after(async () => {
    if (process.env.KEEP === undefined) await scene?.namespace.delete();
  });
}

async function openScene(helm: string, name: string): Promise<Scene> {
  const namespace = await createNamespace(name);
  const sql = (statement: string, as: "app" | "owner" = "app") => {
    const user = as === "app" ? "cartwright_app" : "cartwright";
    const psql = ["psql", "-h", "127.0.0.1", "-U", user, "-d", "cartwright", "-Atc", statement];
    const login = `PGPASSWORD="$${as.toUpperCase()}_PASSWORD" exec "$@"`;
    return namespace.kubectl(["exec", `${NAME}-postgres-0`, "--", "sh", "-c", login, "sh", ...psql]);
  };
  const count = async (where: string) =>
    Number(await sql(`select count(*) from outbox_event where ${where}`));
  return {
    namespace,
    release: releaseOf(helm, NAME, namespace.name),
    load: () => startLoadPod(namespace, { image: IMAGE, gatewayUrl: `http://${NAME}-gateway`, shoppers: 8 }),
    ready: (kind, part) =>
      namespace.kubectl(["rollout", "status", `${kind}/${NAME}-${part}`, "--timeout=180s"]),
    nothingPending: () =>
      eventually("every event is published", async () => (await count("published_at is null")) === 0, {
        timeoutMs: 120_000,
        intervalMs: 1_000,
      }),
    published: () => count("published_at is not null"),
    sql,
    newerSchema: async (kind) => {
      const name = `newer_${kind}`;
      await sql(`alter table outbox_event add column ${name} text null`, "owner");
      const row = `'${name}.sql', '${"0".repeat(64)}', '${kind}'`;
      await sql(`insert into schema_migration (name, checksum, kind) values (${row})`, "owner");
    },
    forgetNewerSchema: () => sql("delete from schema_migration where name like 'newer_%'", "owner"),
    readiness: (pod) => {
      const ask = `fetch("http://127.0.0.1:9090/readyz").then(async (answer) => console.log(await answer.text()))`;
      return namespace.kubectl(["exec", pod, "--", "node", "-e", ask]);
    },
    restartedBy: async (change) => {
      const before = await namespace.pods();
      await change();
      const now = await namespace.pods();
      return [...before].filter(([uid]) => !now.has(uid)).map(([, name]) => name);
    },
  };
}
