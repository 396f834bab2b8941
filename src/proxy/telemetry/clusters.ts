import { type MetricDefinition, metrics } from '../../telemetry/catalogue.ts';
import type { MetricsRegistry } from '../../telemetry/registry.ts';
import type { Counter, Labels } from '../../telemetry/series.ts';

/** Why a request or connection was refused for want of room. */
export type OverflowReason = 'connections' | 'pending' | 'requests' | 'retries' | 'queue' | 'loop-delay';

/** Counts what happens to the endpoints of one cluster. Series appear with the first event. */
export class ClusterMetrics {
  readonly #registry: MetricsRegistry;
  readonly #cluster: string;
  #panic: Counter | undefined;

  /** `cluster`: `NAMESPACE/SERVICE:PORT`. */
  constructor(registry: MetricsRegistry, cluster: string) {
    this.#registry = registry;
    this.#cluster = cluster;
  }

  ejected(): void {
    this.#count(metrics.ejections);
  }

  probed(ok: boolean): void {
    const result = ok ? 'success' : 'failure';
    this.#count(metrics.outlierProbes, { result });
  }

  checked(ok: boolean): void {
    this.#count(metrics.healthChecks, { result: ok ? 'success' : 'failure' });
  }

  overflow(reason: OverflowReason): void {
    overflow(this.#registry, reason, this.#cluster);
  }

  /** A choice among all endpoints because too few are healthy. */
  panic(): void {
    this.#panic ??= this.#registry.counter(metrics.panicChoices, { cluster: this.#cluster });
    this.#panic.value++;
  }

  #count(definition: MetricDefinition, labels: Labels = {}): void {
    this.#registry.counter(definition, { cluster: this.#cluster, ...labels }).value++;
  }
}

/** `cluster` is empty for what the process as a whole refuses. */
export function overflow(registry: MetricsRegistry, reason: OverflowReason, cluster: string): void {
  registry.counter(metrics.overflow, { cluster, reason }).value++;
}
