import type { KubeClient } from "../../platform/kube/kube-client.ts";

/** Something that may be allowed; `name` "" is every object of the kind. */
export interface Question {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  readonly name: string;
}

const AT_ONCE = 16;

/** Those of the questions that RBAC answers with yes, for a service account in a namespace. */
export async function mayBeDone(
  client: KubeClient,
  account: string,
  namespace: string,
  questions: readonly Question[],
): Promise<Question[]> {
  const groups = ["system:serviceaccounts", `system:serviceaccounts:${account.split(":")[2]}`];
  const allowed: Question[] = [];
  for (let at = 0; at < questions.length; at += AT_ONCE) {
    const answers = questions.slice(at, at + AT_ONCE).map(async (question) => {
      const { group, verb, name } = question;
      const [resource, subresource = ""] = question.resource.split("/");
      const spec = {
        user: account,
        groups: [...groups, "system:authenticated"],
        resourceAttributes: { namespace, group, resource, subresource, verb, name },
      };
      const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
      const { status } = await client.create<{ status: { allowed: boolean } }>(path, { spec });
      return status.allowed ? [question] : [];
    });
    allowed.push(...(await Promise.all(answers)).flat());
  }
  return allowed;
}
