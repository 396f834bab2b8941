import type { Counter, MetricsRegistry } from '../telemetry/registry.ts';
import type { RequestLabels } from '../telemetry/requests.ts';

/** What becomes of a flow: the datagrams between one program's port and one service. */
export type FlowVerdict = 'forwarded' | 'allowed' | 'audited' | 'denied' | 'rejected' | 'failed';

/** Why a datagram went nowhere. */
export type DropReason = 'flows' | 'queue' | 'unreachable';

/** The counters of the flows between two ends. */
export class FlowSeries {
  readonly toServer: Counter;
  readonly toClient: Counter;
  readonly #registry: MetricsRegistry;
  readonly #labels: RequestLabels;

  constructor(registry: MetricsRegistry, labels: RequestLabels) {
    this.#registry = registry;
    this.#labels = labels;
    this.toServer = this.#datagrams('to-server');
    this.toClient = this.#datagrams('to-client');
  }

  flow(verdict: FlowVerdict): void {
    const { direction, source, sourceIdentity, destination, backend, route } = this.#labels;
    const labels = { direction, source, source_identity: sourceIdentity, destination, backend, route, verdict };
    this.#registry.counter('smi_udp_flows_total', 'Flows of UDP taken.', labels).value++;
  }

  dropped(reason: DropReason): void {
    const { direction, destination } = this.#labels;
    const labels = { direction, destination, reason };
    this.#registry.counter('smi_udp_dropped_total', 'Datagrams that went nowhere.', labels).value++;
  }

  #datagrams(flow: string): Counter {
    const { direction, destination, backend } = this.#labels;
    const labels = { direction, destination, backend, flow };
    return this.#registry.counter('smi_udp_datagrams_total', 'Datagrams carried.', labels);
  }
}
