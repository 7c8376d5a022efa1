import { Dispatcher } from "undici";
import type { Logger } from "../../platform/logger/logger.ts";
import type { Resolve } from "./addresses.ts";
import { chooseForKey, chooseOfTwo } from "./choose.ts";
import { Exchange, type ExchangeRequest, type ExchangeScene } from "./exchange.http.ts";
import type { UpstreamMetrics } from "./metrics.ts";
import { openReplicas, type Replica } from "./replicas.http.ts";
import { createRetryBudget, type RetryBudget } from "./retry-budget.ts";

export interface BalancerOptions {
  name: string;
  /** Base URLs, of which each name may have several addresses. */
  urls: readonly string[];
  fallbackUrl?: string;
  /** From a request until its answer begins, attempts and waiting included; then between two parts of it. */
  timeoutMs: number;
  metrics: UpstreamMetrics;
  log: Logger;
  /** In place of the system's resolver. */
  resolve?: Resolve;
  probeEveryMs?: number;
  budget?: RetryBudget;
  /** The largest answer in bytes; without it any is passed on. */
  mostBytes?: number;
}

/**
 * A client of one service with several addresses, as undici's own are: interceptors may be composed over it.
 * A request with a `key` goes to the key's address, any other to one of the less busy. Rejects with an
 * `UpstreamTimeout` when no answer begins in time.
 */
export class Balancer extends Dispatcher {
  readonly #replicas: ReturnType<typeof openReplicas>;
  readonly #scene: ExchangeScene;
  readonly isSecure: boolean;

  constructor(options: BalancerOptions) {
    super();
    const { timeoutMs, metrics, urls } = options;
    this.isSecure = urls.every((url) => url.startsWith("https:"));
    this.#replicas = openReplicas(options);
    this.#scene = {
      timeoutMs,
      metrics,
      budget: options.budget ?? createRetryBudget(),
      addresses: () => this.#replicas.count(),
      choose: this.#choose.bind(this),
    };
  }

  override dispatch(request: ExchangeRequest, handler: Dispatcher.DispatchHandler): boolean {
    new Exchange(this.#scene, request, handler).begin();
    return true;
  }

  #choose(key: number | undefined, tried: readonly Replica[]): Replica {
    const candidates = tried.length === 0 ? this.#replicas.inUse() : this.#untried(tried);
    return key === undefined ? chooseOfTwo(candidates) : chooseForKey(candidates, key);
  }

  /** For a further attempt: an address that was left out may be well again, and not yet have been probed. */
  #untried(tried: readonly Replica[]): readonly Replica[] {
    const isUntried = (replica: Replica) => !tried.includes(replica);
    const { inUse, fallback, all } = this.#replicas;
    const good = inUse().filter(isUntried);
    if (good.length > 0) return good;
    if (fallback !== null) return [fallback];
    const rest = all().filter(isUntried);
    return rest.length > 0 ? rest : inUse();
  }

  shutDown(): void {
    this.#replicas.close();
  }
}
