import { randomUUID } from "node:crypto";
import { createRelayMetrics } from "../../internal/outbox/metrics.ts";
import { createRelay } from "../../internal/outbox/relay/relay.ts";
import { startService } from "../../internal/platform/service/service.ts";
import { openAdapters } from "./adapters.ts";
import { readConfig } from "./config.ts";
import { startPeriodicJobs } from "./periodic-jobs.ts";

const config = readConfig();
const service = await startService("outbox-relay", config);
const { log, registry, lifecycle } = service;

const adapters = openAdapters(config, service);
startPeriodicJobs(config, service, adapters);

const relay = createRelay({
  store: adapters.store,
  publisher: adapters.publisher,
  subscriber: adapters.subscriber,
  relay: randomUUID(),
  partitions: config.CART_SHARDS,
  leaseMs: config.RELAY_LEASE_MS,
  window: config.RELAY_WINDOW,
  maxAttempts: config.RELAY_MAX_ATTEMPTS,
  retryMs: config.RELAY_RETRY_MS,
  pollMs: config.RELAY_POLL_MS,
  metrics: createRelayMetrics(registry),
  log,
});
lifecycle.onStop("relay", () => relay.stop());
lifecycle.addNote("broker", () => relay.trouble());
await relay.start();
lifecycle.ready();
