import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Logger } from "../../platform/logger/logger.ts";
import { every } from "../../platform/schedule/every.ts";

/** Where one replica of a service is reached. */
export interface Address {
  /** `host:port`, the same at every gateway; no two addresses of a service share it. */
  readonly key: string;
  /** The URL as configured: protocol, path, and the name that a certificate is checked for. */
  readonly url: URL;
  /** The IP address to connect to; null leaves it to the system's resolver. */
  readonly ip: string | null;
}

/** The IP addresses of a name; rejects when there are none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/** How often names are resolved anew, in ms. */
const RESOLVE_EVERY_MS = 3_000;

/**
 * The addresses behind `urls`: one for each IP address that a name has, as a headless Service has one for
 * each ready pod. Names are resolved anew every few seconds; a name that cannot be keeps its last answer, and
 * one that never could is left to the connection. `onChange` is called at once, and whenever the addresses
 * differ.
 */
export function watchAddresses(options: {
  urls: readonly string[];
  onChange: (addresses: readonly Address[]) => void;
  name: string;
  log: Logger;
  resolve?: Resolve;
  everyMs?: number;
}): { stop(): void } {
  const { onChange, name, log, resolve = systemResolve, everyMs = RESOLVE_EVERY_MS } = options;
  const urls = options.urls.map((url) => new URL(url));
  const answers = new Map<string, readonly string[]>();
  const names = new Set(urls.map(({ hostname }) => hostname).filter((host) => isIP(bare(host)) === 0));
  let told = "";
  let stopped = false;

  function tell(): void {
    const byKey = new Map<string, Address>();
    for (const url of urls)
      for (const address of addressesOf(url, answers.get(url.hostname))) byKey.set(address.key, address);
    const addresses = [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    const telling = addresses.map(({ key }) => key).join();
    if (telling === told || stopped) return;
    told = telling;
    onChange(addresses);
  }

  async function refresh(): Promise<void> {
    const faults: unknown[] = [];
    for (const host of names)
      try {
        const ips = await resolve(host);
        if (ips.length === 0) throw new Error(`${host} has no address`);
        answers.set(host, ips);
      } catch (fault) {
        faults.push(fault);
      }
    tell();
    if (faults.length > 0) throw faults[0];
  }

  tell();
  if (names.size === 0) return { stop: () => {} };
  // A failure that lasts is logged by the series.
  refresh().catch(() => undefined);
  const series = every(everyMs, `resolving the addresses of ${name}`, refresh, { log });
  return {
    stop: () => {
      stopped = true;
      // Not awaited: a resolver may take long to say that it does not know.
      void series.stop();
    },
  };
}

function addressesOf(url: URL, ips: readonly string[] | undefined): Address[] {
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  if (ips === undefined) return [{ key: `${url.hostname}:${port}`, url, ip: null }];
  return ips.map((ip) => ({ key: `${isIP(ip) === 6 ? `[${ip}]` : ip}:${port}`, url, ip }));
}

/** Those of IPv4 where there are any: in a cluster with both kinds every pod has one of each. */
const systemResolve: Resolve = async (name) => {
  const all = await lookup(name, { all: true });
  const v4 = all.filter(({ family }) => family === 4);
  return (v4.length > 0 ? v4 : all).map(({ address }) => address);
};

/** An IPv6 address without the brackets that it has in a URL. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}
