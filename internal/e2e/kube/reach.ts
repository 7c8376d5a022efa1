import { podOf } from "../../testkit/kube/load-pod.ts";
import type { Namespace } from "../../testkit/kube/namespace.ts";

/** Connects to each of ADDRESSES and prints, in one line of JSON, which let it; a policy that drops is a timeout. */
const SCRIPT = `
  const { connect } = await import("node:net");
  const reach = (address) => new Promise((resolve) => {
    const [host, port] = address.split(":");
    const socket = connect({ host, port: Number(port), timeout: 3000 });
    const end = (open) => { socket.destroy(); resolve([address, open]); };
    socket.on("connect", () => end(true)).on("timeout", () => end(false)).on("error", () => end(false));
  });
  console.log(JSON.stringify(Object.fromEntries(await Promise.all(process.env.ADDRESSES.split(",").map(reach)))));`;

/** Which of the addresses (`host:port`) a pod with these labels may open a connection to. The pod is removed again. */
export async function reachFrom(
  namespace: Namespace,
  image: string,
  labels: Record<string, string>,
  addresses: readonly string[],
): Promise<Record<string, boolean>> {
  const name = `reach-${Date.now()}`;
  const args = ["--input-type=module", "-e", SCRIPT];
  const pod = podOf({ name, image, args, labels, env: { ADDRESSES: addresses.join(",") } });
  await namespace.kubectl(["create", "-f", "-"], { input: JSON.stringify(pod) });
  try {
    const done = "--for=jsonpath={.status.phase}=Succeeded";
    await namespace.kubectl(["wait", `pod/${name}`, done, "--timeout=90s"]);
    return JSON.parse(await namespace.kubectl(["logs", name]));
  } finally {
    await namespace.kubectl(["delete", "pod", name, "--now"]);
  }
}
