import { BlockList, isIP } from "node:net";

/**
 * Whether an address is one of `networks`: addresses and CIDRs, as {@link isNetwork} takes them. An IPv4
 * address is found mapped into IPv6 too; what is no address is in none.
 */
export function networks(list: readonly string[]): (address: string) => boolean {
  const known = new BlockList();
  for (const entry of list) {
    const [address = "", prefix] = entry.split("/");
    const family = familyOf(address);
    if (family === null) throw new Error(`${entry} is no address and no CIDR`);
    known.addSubnet(address, Number(prefix ?? (family === "ipv4" ? 32 : 128)), family);
  }
  return (address) => {
    const family = familyOf(address);
    return family !== null && known.check(address, family);
  };
}

/** True for an IP address, with or without the length of its network's prefix. */
export function isNetwork(text: string): boolean {
  const [address = "", prefix, ...more] = text.split("/");
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}

function familyOf(address: string): "ipv4" | "ipv6" | null {
  const family = isIP(address);
  return family === 0 ? null : family === 4 ? "ipv4" : "ipv6";
}
