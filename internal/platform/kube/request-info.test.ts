import { expect } from "chai";
import { requestInfo } from "./request-info.ts";

describe("A call as RBAC sees it", () => {
  const of = (method: string, path: string, watching = false) => {
    const { group, resource, verb } = requestInfo(method, path, watching);
    return `${verb} ${resource}.${group}`;
  };

  it("tells a list from a get and a watch", () => {
    const pods = "/api/v1/namespaces/shop/pods";
    expect(of("GET", pods)).to.equal("list pods.");
    expect(of("GET", pods, true)).to.equal("watch pods.");
    expect(of("GET", "/api/v1/namespaces/shop/secrets/keys")).to.equal("get secrets.");
  });

  it("names the group and the subresource of a write", () => {
    const scale = "/apis/apps/v1/namespaces/shop/deployments/relay/scale";
    expect(of("PATCH", scale)).to.equal("patch deployments/scale.apps");
    expect(of("POST", "/apis/batch/v1/namespaces/shop/jobs")).to.equal("create jobs.batch");
    const lease = "/apis/coordination.k8s.io/v1/namespaces/shop/leases/operator";
    expect(of("PUT", lease)).to.equal("update leases.coordination.k8s.io");
  });
});
