/** What a call is to RBAC. */
export interface RequestInfo {
  /** "" is the core group. */
  readonly group: string;
  /** With its subresource, such as `deployments/scale`. */
  readonly resource: string;
  readonly verb: string;
}

const WRITES: Readonly<Record<string, string>> = { POST: "create", PUT: "update", PATCH: "patch" };

/** Group, resource and verb of a call to one namespace's resources, as the API server derives them. */
export function requestInfo(method: string, path: string, watching: boolean): RequestInfo {
  const [root, ...rest] = path.split("/").slice(1);
  const group = root === "apis" ? rest[0]! : "";
  // After the version, `namespaces` and the namespace.
  const [plural = "", name, subresource] = rest.slice(root === "apis" ? 4 : 3);
  return {
    group,
    resource: subresource === undefined ? plural : `${plural}/${subresource}`,
    verb: WRITES[method] ?? (watching ? "watch" : name === undefined ? "list" : "get"),
  };
}
