import { createLogger } from "../../platform/logger/logger.ts";
import { awaitRedis, connectRedis } from "../../platform/redis/redis.ts";
import { parseRedisUrl } from "../../platform/redis/redis-url.ts";
import { sceneOn } from "./merge-scene.contract.ts";

/*
 * A process of the tests: it merges, and kills itself by SIGKILL after one of the steps.
 * Arguments: the URL of Redis, the scene's id, and the step.
 */

const [url = "", id = "", step = ""] = process.argv.slice(2);
const log = createLogger("test", "silent");
const redis = connectRedis(parseRedisUrl(url)!, { log, commandTimeoutMs: 20_000 });
await awaitRedis(redis, 30_000);
const scene = sceneOn(redis, id);
const dies = async <T>(done: Promise<T>): Promise<T> => {
  await done;
  process.kill(process.pid, "SIGKILL");
  return new Promise<T>(() => {});
};
const { store } = scene;
await scene.mergeOn({
  ...store,
  ...(step === "take" && {
    // The first call only looks.
    take: (guest, transfer) =>
      transfer === null ? store.take(guest, null) : dies(store.take(guest, transfer)),
  }),
  ...(step === "give" && { give: (...args) => dies(store.give(...args)) }),
  ...(step === "settle" && { settle: (transfer) => dies(store.settle(transfer)) }),
});
process.stderr.write(`there is no step ${step}\n`);
process.exit(1);
