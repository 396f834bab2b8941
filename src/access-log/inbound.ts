import type { AccessRule, InboundAccess, TrafficContext } from '../lib/traffic-context.ts';
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

  /** `rule`: that let it in; empty where none did. */
  series(peer: string, rule: string): RequestSeries {
    const known = this.#peers.has(peer) || this.#peers.size < maxPeers;
    if (known) this.#peers.add(peer);
    const identity = known ? peer : overflowValue;
    const key = `${identity} ${rule}`;
    let series = this.#kinds.get(key);
    if (series === undefined) {
      const owner = Object.hasOwn(this.#owners, identity) ? (this.#owners[identity] ?? '') : '';
      const labels = { ...inboundLabels(this.#context, { identity, owner }), rule };
      series = new RequestSeries(this.#registry, labels);
      if (this.#kinds.size >= maxKinds) this.#kinds.clear();
      this.#kinds.set(key, series);
    }
    return series;
  }

  get #owners(): InboundAccess['owners'] {
    return this.#context.access?.owners ?? {};
  }
}

/** The first rule that names the peer. */
export function ruleFor({ access }: TrafficContext, peer: string): AccessRule | undefined {
  return access?.rules.find(({ identities }) => identities.includes(peer));
}

/** Of what is refused, the rule that came nearest: one for this peer, or else any of the port. */
export function nearestRule(context: TrafficContext, peer: string): AccessRule | undefined {
  return ruleFor(context, peer) ?? context.access?.rules[0];
}
