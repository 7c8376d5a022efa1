import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { watch } from "../../testkit/guard.ts";
import { endProcess, spawnLogged, waitUntil } from "../../testkit/servers/child.ts";
import { freePort } from "../../testkit/servers/free-port.ts";
import { onTeardown } from "../../testkit/servers/test-servers.ts";
import { CPU_OF, pinned } from "./pin.ts";

/** Where Debian has it: no user's PATH leads there. */
export const NGINX = "/usr/sbin/nginx";

/**
 * nginx with one worker and proxy_cache before `upstream`, set up to do what our gateway's cache does: it
 * heeds Cache-Control (stale-while-revalidate and -if-error too), confirms by ETag, and has concurrent misses
 * wait for one call. It takes requests below /api/catalog, on the contender's core.
 */
export async function startNginxCache(
  dir: string,
  upstream: string,
): Promise<{ readonly url: string; readonly pid: number; stop(): Promise<void> }> {
  const port = await freePort();
  const home = join(dir, "nginx");
  for (const folder of ["cache", "temp"]) mkdirSync(join(home, folder), { recursive: true });
  // Its worker is another user when it is started by root.
  for (const folder of ["", "cache", "temp"]) chmodSync(join(home, folder), 0o777);
  const file = join(home, "nginx.conf");
  writeFileSync(file, configuration(home, port, new URL(upstream).host));
  const command = [NGINX, "-p", home, "-c", file];
  const [program, ...args] = pinned(CPU_OF.contender, command);
  const logFile = join(home, "nginx.log");
  const id = spawnLogged(program!, args, { logFile, onSpawn: watch });
  const url = `http://127.0.0.1:${port}`;
  const probe = async () => void (await fetch(`${url}/ready`));
  await waitUntil("nginx", probe, { timeoutMs: 20_000, process: id, logFile });
  const stop = () => endProcess(id, "SIGTERM");
  onTeardown(stop);
  return { url, pid: id.pid, stop };
}

function configuration(home: string, port: number, upstream: string): string {
  const user = process.getuid?.() === 0 ? "user root;" : "";
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${home}/temp/${kind};`)
    .join("\n  ");
  return `${user}
daemon off;
worker_processes 1;
pid ${home}/nginx.pid;
error_log ${home}/error.log warn;
events { worker_connections 1024; }
http {
  access_log off;
  ${temp}
  keepalive_requests 1000000000;
  proxy_cache_path ${home}/cache keys_zone=catalog:10m max_size=64m use_temp_path=off;
  upstream catalog { server ${upstream}; keepalive 32; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location = /ready { return 204; }
    location /api/catalog/ {
      proxy_pass http://catalog/;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache catalog;
      proxy_cache_lock on;
      proxy_cache_revalidate on;
      proxy_cache_background_update on;
    }
  }
}
`;
}
