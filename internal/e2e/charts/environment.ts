import { loadAllYaml } from "@kubernetes/client-node";
import type { z } from "zod";
import { variablesOf } from "../../platform/config/variables.ts";

interface Container {
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts?: readonly { readonly mountPath: string }[];
}
interface Workload {
  readonly kind: string;
  readonly spec?: { readonly template?: { readonly spec?: { readonly containers?: readonly Container[] } } };
}

/** Each process of ours that the manifests run, with the environment that it is given. */
export function renderedProcesses(manifests: string, schemas: ReadonlyMap<string, z.ZodObject>) {
  const workloads = loadAllYaml(manifests) as (Workload | null)[];
  return workloads
    .flatMap((each) => each?.spec?.template?.spec?.containers ?? [])
    .flatMap(({ args = [], env = [], volumeMounts = [] }) => {
      const name = args[0];
      const schema = name === undefined ? undefined : schemas.get(name);
      return name === undefined || schema === undefined
        ? []
        : [{ name, schema, env, mounts: volumeMounts.map(({ mountPath }) => mountPath) }];
    });
}

/**
 * What is wrong with the environments: a variable that its process does not know, or has been given a bad
 * value for, and a required one that is not there. What only fills in another's value, as `$(PASSWORD)`, is
 * known. Values from elsewhere (a Secret, a field of the pod, a mounted folder or file) are taken for good.
 */
export function environmentFaults(manifests: string, schemas: ReadonlyMap<string, z.ZodObject>): string[] {
  return renderedProcesses(manifests, schemas).flatMap(({ name: processName, schema, env, mounts }) => {
    const variables = variablesOf(schema);
    const known = new Set(variables.flatMap(({ name }) => [name, `${name}_FILE`]));
    const filledIn = env.flatMap(({ value = "" }) =>
      [...value.matchAll(/\$\((\w+)\)/g)].map(([, name]) => name),
    );
    const given = new Set(env.flatMap(({ name }) => [name, name.replace(/_FILE$/, "")]));
    return [
      ...env
        .filter(({ name }) => !known.has(name) && !filledIn.includes(name))
        .map(({ name }) => `${processName} does not know ${name}`),
      ...variables
        .filter(({ name, required }) => required && !given.has(name))
        .map(({ name }) => `${processName} needs ${name}`),
      ...env.flatMap(({ name, value }) => {
        const field = schema.shape[name];
        const mounted = mounts.some((path) => value === path || value?.startsWith(`${path}/`));
        if (field === undefined || value === undefined || mounted) return [];
        return (field as z.ZodType).safeParse(value).success
          ? []
          : [`${processName} does not take ${name}=${value}`];
      }),
    ];
  });
}
