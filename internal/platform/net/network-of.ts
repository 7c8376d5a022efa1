import { isIP } from "node:net";

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
/** What is no address, such as an obfuscated identifier, is counted under so many characters of it. */
const MOST_CHARACTERS = 64;

/**
 * Whom to take for one client: an IPv4 address, also one mapped into IPv6, or the /64 network of an IPv6 one,
 * all of whose addresses its owner may use.
 */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address.slice(0, MOST_CHARACTERS);
  const mapped = MAPPED.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIP(address) !== 6) return address.slice(0, MOST_CHARACTERS);
  const [head = "", tail] = address.split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const last = tail === "" ? [] : tail.split(":");
    // A dotted end stands for two groups.
    const known = groups.length + last.length + (tail.includes(".") ? 1 : 0);
    groups.push(...Array<string>(8 - known).fill("0"), ...last);
  }
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(":")}::/64`;
}
