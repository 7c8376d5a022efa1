import { fileURLToPath } from "node:url";
import { loadAllYaml } from "@kubernetes/client-node";
import { expect } from "chai";
import type { KubeObject } from "../../platform/kube/objects.ts";
import { eventually } from "../../testkit/eventually.ts";
import { type ApiScene, openApiScene } from "../../testkit/kube/api-scene.ts";
import { startOperator } from "../../testkit/kube/operator-process.ts";
import { findTool, run } from "../../testkit/kube/tool.ts";
import { mayBeDone, type Question } from "./access.ts";
import { openShop, RELEASE } from "./shop.ts";

const CHART = fileURLToPath(new URL("../../../charts/cartwright", import.meta.url));
const ACCOUNT = `${RELEASE}-operator`;

interface Role extends KubeObject {
  readonly rules: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
    readonly resourceNames?: readonly string[];
  }[];
}

/** What a Role allows, one by one. */
function allowedBy(role: Role): Question[] {
  return role.rules.flatMap(({ apiGroups, resources, verbs, resourceNames = [""] }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) => resourceNames.map((name) => ({ group, resource, verb, name }))),
      ),
    ),
  );
}

const textOf = ({ verb, group, resource }: { verb: string; group: string; resource: string }) =>
  `${verb} ${resource}.${group}`;

describe("The rights of the operator, as the chart gives them", function () {
  this.timeout(400_000);
  let scene: ApiScene;
  let role: Role;

  before(async function () {
    const helm = findTool("helm");
    const opened = await openApiScene();
    if (opened === null) return this.skip();
    if (helm === null) {
      console.log("      the operator's rights are not tested: helm is missing (make charts)");
      return this.skip();
    }
    scene = opened;
    const args = ["--namespace", scene.namespace, "--set", "database.kind=postgres"];
    const manifests = await run(helm, ["template", RELEASE, CHART, "--kube-version", "1.34", ...args]);
    const documents = loadAllYaml(manifests) as KubeObject[];
    const one = <T extends KubeObject>(kind: string) =>
      documents.find((each) => each?.kind === kind && each.metadata.name === ACCOUNT) as T;
    role = one<Role>("Role");
    await scene.create("serviceaccounts", one("ServiceAccount"));
    await scene.create("rbac.authorization.k8s.io/v1/roles", role);
    await scene.create("rbac.authorization.k8s.io/v1/rolebindings", one("RoleBinding"));
  });

  after(() => scene?.close());

  /** An administrator's configuration, with the account's token instead. */
  async function accountConfig() {
    const path = scene.path(`serviceaccounts/${ACCOUNT}/token`);
    const { status } = await scene.client.create<{ status: { token: string } }>(path, {
      spec: { expirationSeconds: 3_600 },
    });
    const config = scene.server.admin();
    const user = config.getCurrentUser()!;
    config.users = [{ name: user.name, token: status.token }];
    return config;
  }

  it("are those that its work uses, each of them, and no call is refused", async () => {
    const shop = await openShop(scene);
    const config = await accountConfig();
    const { namespace } = scene;
    const operator = await startOperator({
      config,
      namespace,
      identity: "one",
      leaseSeconds: 15,
      release: RELEASE,
    });
    shop.figures.behind = 2;
    await shop.seen("the relays are scaled", ({ relays }) => relays === 2);
    await shop.change({ metadata: { annotations: { "cartwright.dev/rotate-keys": "now" } } });
    await shop.seen("a key is published", ({ keys }) => keys?.[0]?.phase === "published");
    await scene.create("cartwright.dev/v1alpha1/outboxreplays", {
      apiVersion: "cartwright.dev/v1alpha1",
      kind: "OutboxReplay",
      metadata: { name: "all" },
      spec: { selector: { all: true } },
    });
    const replay = scene.path("cartwright.dev/v1alpha1/outboxreplays/all");
    await eventually("the replay's Job is there", async () => {
      const { status } = await scene.client.get<{ status?: { phase?: string } }>(replay);
      return status?.phase === "Running";
    });
    const used = () => operator.calls();
    await eventually("the lease is renewed", async () =>
      (await used()).some(({ verb }) => verb === "update"),
    );
    const calls = await used();
    expect(calls.filter(({ code }) => code === "401" || code === "403")).to.deep.equal([]);
    expect(new Set(calls.map(textOf))).to.deep.equal(new Set(allowedBy(role).map(textOf)));
    await operator.end("SIGTERM");
  });

  it("are no others: every other verb, name and namespace is refused", async () => {
    const account = `system:serviceaccount:${scene.namespace}:${ACCOUNT}`;
    const allowed = allowedBy(role);
    const ask = (questions: readonly Question[], namespace = scene.namespace) =>
      mayBeDone(scene.client, account, namespace, questions);
    expect(await ask(allowed), "what the Role names").to.deep.equal(allowed);

    const everything = await everyQuestion();
    expect(everything.length).to.be.above(200);
    const unnamed = allowed.filter(({ name }) => name === "");
    expect((await ask(everything)).map(textOf)).to.have.members(unnamed.map(textOf));
    const strange = everything.map((question) => ({ ...question, name: "another" }));
    expect((await ask(strange)).map(textOf)).to.have.members(unnamed.map(textOf));
    expect(await ask(allowed, "default"), "in another namespace").to.deep.equal([]);
  });

  /** Each verb on each resource of a namespace that the server knows. */
  async function everyQuestion(): Promise<Question[]> {
    interface Resources {
      readonly resources: readonly { name: string; namespaced: boolean }[];
    }
    const { groups } = await scene.client.get<{
      groups: readonly { name: string; preferredVersion: { groupVersion: string } }[];
    }>("/apis");
    const named = groups.map(({ name, preferredVersion }) => ({
      group: name,
      path: `/apis/${preferredVersion.groupVersion}`,
    }));
    const questions: Question[] = [];
    for (const { group, path } of [{ group: "", path: "/api/v1" }, ...named]) {
      const { resources } = await scene.client.get<Resources>(path);
      for (const { name: resource, namespaced } of resources)
        for (const verb of [
          "get",
          "list",
          "watch",
          "create",
          "update",
          "patch",
          "delete",
          "deletecollection",
        ])
          if (namespaced) questions.push({ group, resource, verb, name: "" });
    }
    return questions;
  }
});
