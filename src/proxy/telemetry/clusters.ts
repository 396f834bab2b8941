import type { Counter, MetricsRegistry } from './registry.ts';

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
    this.#count('smi_outlier_ejections_total', 'Endpoints ejected because they failed.');
  }

  probed(ok: boolean): void {
    const result = ok ? 'success' : 'failure';
    this.#count('smi_outlier_probes_total', 'Probes of ejected endpoints.', { result });
  }

  checked(ok: boolean): void {
    this.#count('smi_health_checks_total', 'Health checks of endpoints.', { result: ok ? 'success' : 'failure' });
  }

  overflow(reason: OverflowReason): void {
    overflow(this.#registry, reason, this.#cluster);
  }

  /** A choice among all endpoints because too few are healthy. */
  panic(): void {
    this.#panic ??= this.#registry.counter('smi_panic_choices_total', 'Endpoints chosen regardless of their health.', {
      cluster: this.#cluster,
    });
    this.#panic.value++;
  }

  #count(name: string, help: string, labels: Readonly<Record<string, string>> = {}): void {
    this.#registry.counter(name, help, { cluster: this.#cluster, ...labels }).value++;
  }
}

/** `cluster` is empty for what the process as a whole refuses. */
export function overflow(registry: MetricsRegistry, reason: OverflowReason, cluster: string): void {
  registry.counter('smi_overflow_total', 'Requests and connections refused for want of room.', { cluster, reason })
    .value++;
}
