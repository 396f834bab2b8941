import { metrics } from '../../telemetry/catalogue.ts';
import type { TrafficLabels } from '../../telemetry/labels.ts';
import type { MetricsRegistry } from '../../telemetry/registry.ts';
import type { Counter } from '../../telemetry/series.ts';

/** What becomes of a flow: the datagrams between one program's port and one service. */
export type FlowVerdict = 'forwarded' | 'allowed' | 'audited' | 'denied' | 'rejected' | 'failed';

/** Why a datagram went nowhere. */
export type DropReason = 'flows' | 'queue' | 'unreachable';

/** The counters of the flows between two ends. */
export class FlowSeries {
  readonly toServer: Counter;
  readonly toClient: Counter;
  readonly #registry: MetricsRegistry;
  readonly #labels: TrafficLabels;

  constructor(registry: MetricsRegistry, labels: TrafficLabels) {
    this.#registry = registry;
    this.#labels = labels;
    this.toServer = this.#datagrams('to-server');
    this.toClient = this.#datagrams('to-client');
  }

  flow(verdict: FlowVerdict): void {
    this.#registry.counter(metrics.udpFlows, { ...this.#labels, verdict }).value++;
  }

  dropped(reason: DropReason): void {
    this.#registry.counter(metrics.udpDropped, { ...this.#labels, reason }).value++;
  }

  #datagrams(flow: string): Counter {
    return this.#registry.counter(metrics.udpDatagrams, { ...this.#labels, flow });
  }
}
