import type { ObjectKey } from '../diagnostics/origin.ts';
import { describeObject } from '../diagnostics/origin.ts';
import { typeName } from '../lib/type-url.ts';
import { type Counter, MetricsRegistry } from '../proxy/telemetry/registry.ts';
import type { XdsEvent } from '../xds/contract.ts';
import { durationsOf, type Rollout, type RolloutCause } from './rollouts/rollout.ts';

/** What is read when somebody asks. */
export interface MetricSources {
  readonly streams: () => number;
  readonly proxies: () => number;
  readonly behind: () => number;
  readonly refusals: () => number;
}

interface TypeCounters {
  readonly responses: Counter;
  readonly resources: Counter;
  readonly removals: Counter;
  readonly acks: Counter;
  readonly nacks: Counter;
}

/** Objects that have a series of their own; more than these are counted together. */
const maxObjects = 500;

/** The control plane's own numbers. */
export class ControlMetrics {
  readonly #registry = new MetricsRegistry();
  readonly #types = new Map<string, TypeCounters>();
  readonly #objects = new Set<string>();

  constructor(sources: MetricSources) {
    const registry = this.#registry;
    registry.gauge('smi_xds_streams', 'Open ADS streams.', sources.streams);
    registry.gauge('smi_control_proxies', 'Proxies with an open stream.', sources.proxies);
    registry.gauge('smi_control_proxies_behind', 'Proxies that lack something they should have.', sources.behind);
    registry.gauge('smi_control_refusals', 'Versions of resources that proxies refuse now.', sources.refusals);
  }

  observe(event: XdsEvent): void {
    switch (event.kind) {
      case 'sent': {
        const { responses, resources, removals } = this.#ofType(event.typeUrl);
        responses.value += 1;
        resources.value += event.resources.length;
        removals.value += event.removed.length;
        return;
      }
      case 'ack':
        this.#ofType(event.typeUrl).acks.value += 1;
        return;
      case 'nack':
        this.#ofType(event.typeUrl).nacks.value += 1;
        return;
      case 'refused':
        this.#count('smi_xds_streams_refused_total', 'Streams that were refused or ended for a reason.', {});
    }
  }

  /** A version of a resource is refused; `object` is at fault. */
  refused(typeUrl: string, object: ObjectKey | undefined): void {
    const name = object === undefined ? '' : describeObject(object);
    if (this.#objects.size < maxObjects) this.#objects.add(name);
    this.#count('smi_control_refusals_total', 'Versions of resources that a proxy refused, by the object at fault.', {
      type: typeName(typeUrl),
      object: this.#objects.has(name) ? name : 'other',
    });
  }

  compiled(cause: RolloutCause, millis: number): void {
    this.#registry
      .histogram('smi_control_compile_seconds', 'Reading and compiling what changed.', { cause })
      .observe(millis / 1000);
  }

  landed(rollout: Rollout): void {
    const { push = 0, ack = 0, total } = durationsOf(rollout);
    const { cause } = rollout;
    this.#count('smi_control_rollouts_total', 'Changes that every connected proxy has answered.', { cause });
    if (rollout.touched === 0) return;
    const delivery = 'From the compiled model to the last answer of a proxy.';
    this.#registry.histogram('smi_control_delivery_seconds', delivery, { cause }).observe((push + ack) / 1000);
    const whole = 'From the save, or the news of a pod, to the last answer of a proxy.';
    this.#registry.histogram('smi_control_rollout_seconds', whole, { cause }).observe(total / 1000);
  }

  render(): string {
    return this.#registry.render();
  }

  /** Looked up once: there are many events of few types. */
  #ofType(typeUrl: string): TypeCounters {
    let counters = this.#types.get(typeUrl);
    if (counters === undefined) {
      const labels = { type: typeName(typeUrl) };
      const counter = (name: string, help: string) => this.#registry.counter(name, help, labels);
      counters = {
        responses: counter('smi_xds_responses_total', 'Responses sent.'),
        resources: counter('smi_xds_resources_total', 'Resources sent.'),
        removals: counter('smi_xds_removals_total', 'Resources taken away.'),
        acks: counter('smi_xds_acks_total', 'Responses that proxies took.'),
        nacks: counter(
          'smi_xds_nacks_total',
          'Responses that proxies refused, in search of the resource at fault too.',
        ),
      };
      this.#types.set(typeUrl, counters);
    }
    return counters;
  }

  #count(name: string, help: string, labels: Readonly<Record<string, string>>): void {
    this.#registry.counter(name, help, labels).value += 1;
  }
}
