import type { ObjectKey } from '../diagnostics/origin.ts';
import { describeObject } from '../diagnostics/origin.ts';
import { typeName } from '../lib/type-url.ts';
import { type MetricDefinition, metrics } from '../telemetry/catalogue.ts';
import { renderText } from '../telemetry/exposition/text.ts';
import { MetricsRegistry } from '../telemetry/registry.ts';
import type { Counter, Labels } from '../telemetry/series.ts';
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
    registry.gauge(metrics.xdsStreams, sources.streams);
    registry.gauge(metrics.proxies, sources.proxies);
    registry.gauge(metrics.proxiesBehind, sources.behind);
    registry.gauge(metrics.refusals, sources.refusals);
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
        this.#count(metrics.xdsStreamsRefused, {});
    }
  }

  /** A version of a resource is refused; `object` is at fault. */
  refused(typeUrl: string, object: ObjectKey | undefined): void {
    const name = object === undefined ? '' : describeObject(object);
    if (this.#objects.size < maxObjects) this.#objects.add(name);
    this.#count(metrics.refusalsTotal, {
      type: typeName(typeUrl),
      object: this.#objects.has(name) ? name : 'other',
    });
  }

  compiled(cause: RolloutCause, millis: number): void {
    this.#registry.histogram(metrics.compileSeconds, { cause }).observe(millis / 1000);
  }

  landed(rollout: Rollout): void {
    const { push = 0, ack = 0, total } = durationsOf(rollout);
    const { cause } = rollout;
    this.#count(metrics.rollouts, { cause });
    if (rollout.touched === 0) return;
    this.#registry.histogram(metrics.deliverySeconds, { cause }).observe((push + ack) / 1000);
    this.#registry.histogram(metrics.rolloutSeconds, { cause }).observe(total / 1000);
  }

  render(): string {
    return renderText(this.#registry);
  }

  /** Looked up once: there are many events of few types. */
  #ofType(typeUrl: string): TypeCounters {
    let counters = this.#types.get(typeUrl);
    if (counters === undefined) {
      const labels = { type: typeName(typeUrl) };
      const counter = (definition: MetricDefinition) => this.#registry.counter(definition, labels);
      counters = {
        responses: counter(metrics.xdsResponses),
        resources: counter(metrics.xdsResources),
        removals: counter(metrics.xdsRemovals),
        acks: counter(metrics.xdsAcks),
        nacks: counter(metrics.xdsNacks),
      };
      this.#types.set(typeUrl, counters);
    }
    return counters;
  }

  #count(definition: MetricDefinition, labels: Labels): void {
    this.#registry.counter(definition, labels).value += 1;
  }
}
