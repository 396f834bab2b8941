import type { AccessRule, TrafficContext } from '../lib/traffic-context.ts';
import { inboundLabels } from '../telemetry/labels.ts';
import { type MetricsRegistry, overflowValue } from '../telemetry/registry.ts';
import { RequestSeries } from '../telemetry/requests.ts';

/** More identities than this share one series, as in our own proxy. */
const maxPeers = 1_000;
const maxKinds = 10_000;

/** Counts what comes to the programs of the pod. */
export class InboundSeries {
  readonly #context: TrafficContext;
  readonly #registry: MetricsRegistry;
  readonly #peers = new Set<string>();
  readonly #kinds = new Map<string, RequestSeries>();

  constructor(context: TrafficContext, registry: MetricsRegistry) {
    this.#context = context;
    this.#registry = registry;
  }

  /** `owner` is the peer's; `rule`: that let it in. Both may be empty. */
  series(peer: string, owner: string, rule: string): RequestSeries {
    const known = this.#peers.has(peer) || this.#peers.size < maxPeers;
    if (known) this.#peers.add(peer);
    const identity = known ? peer : overflowValue;
    const key = `${identity} ${owner} ${rule}`;
    let series = this.#kinds.get(key);
    if (series === undefined) {
      const labels = { ...inboundLabels(this.#context, { identity, owner: known ? owner : '' }), rule };
      series = new RequestSeries(this.#registry, labels);
      if (this.#kinds.size >= maxKinds) this.#kinds.clear();
      this.#kinds.set(key, series);
    }
    return series;
  }
}

/** The first rule that names the peer. */
export function ruleFor({ access }: TrafficContext, peer: string): AccessRule | undefined {
  return access?.rules.find(({ identities }) => identities.includes(peer));
}
