import { podOf } from "../../testkit/kube/load-pod.ts";
import type { Namespace } from "../../testkit/kube/namespace.ts";

/**
 * Prints, as a JSON list, which of ADDRESSES let it connect; a policy that drops is
 * a timeout. Who enforces policies hears of a new pod a moment after its start, so
 * it looks again until it sees what is EXPECTED, or 30 s have passed.
 */
const SCRIPT = `
  const { connect } = await import("node:net");
  const reach = (address) => new Promise((resolve) => {
    const [host, port] = address.split(":");
    const socket = connect({ host, port: Number(port), timeout: 2000 });
    const end = (open) => { socket.destroy(); resolve(open ? [address] : []); };
    socket.on("connect", () => end(true)).on("timeout", () => end(false)).on("error", () => end(false));
  });
  const { ADDRESSES, EXPECTED } = process.env;
  const until = Date.now() + 30000;
  let seen;
  do seen = JSON.stringify((await Promise.all(ADDRESSES.split(",").map(reach))).flat());
  while (seen !== EXPECTED && Date.now() < until);
  console.log(seen);`;

/**
 * Which of the addresses (`host:port`) a pod with these labels may open a connection to,
 * in their order; `expected` are those that end the wait. The pod is removed again.
 */
export async function reachFrom(
  namespace: Namespace,
  image: string,
  labels: Record<string, string>,
  addresses: readonly string[],
  expected: readonly string[],
): Promise<string[]> {
  const name = `reach-${Date.now()}`;
  const args = ["--input-type=module", "-e", SCRIPT];
  const env = { ADDRESSES: addresses.join(","), EXPECTED: JSON.stringify(expected) };
  const pod = podOf({ name, image, args, labels, env });
  await namespace.kubectl(["create", "-f", "-"], { input: JSON.stringify(pod) });
  try {
    const done = "--for=jsonpath={.status.phase}=Succeeded";
    await namespace.kubectl(["wait", `pod/${name}`, done, "--timeout=90s"]);
    return JSON.parse(await namespace.kubectl(["logs", name]));
  } finally {
    await namespace.kubectl(["delete", "pod", name, "--now"]);
  }
}
