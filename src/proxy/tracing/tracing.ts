import { metrics } from '../../telemetry/catalogue.ts';
import type { MetricsRegistry } from '../../telemetry/registry.ts';
import type { Messages } from '../config/resources.ts';
import { B3, B3_MULTI, W3C } from './context.ts';
import { otlpExport } from './export.ts';
import { SpanQueue } from './queue.ts';
import { Tracer } from './tracer.ts';

type Settings = NonNullable<Messages['Workload']['tracing']>;

const forms = { W3C, B3, B3_MULTI } as const;

/** Hundredths of a percent. */
const whole = 10_000;

/** What follows the requests of one proxy as its configuration says; nothing is made or loaded without it. */
export class Tracing {
  readonly #node: string;
  readonly #registry: MetricsRegistry;
  #name = '';
  #tracer: Tracer | undefined;
  #queue: SpanQueue | undefined;

  constructor(node: string, registry: MetricsRegistry) {
    this.#node = node;
    this.#registry = registry;
  }

  /** The one for these settings: as long as they stay it is the same. */
  tracer(settings: Settings | null | undefined): Tracer | undefined {
    const name = settings ? JSON.stringify(settings) : '';
    if (name === this.#name) return this.#tracer;
    void this.flush();
    this.#name = name;
    this.#queue = settings ? this.#queueTo(settings) : undefined;
    this.#tracer = settings && this.#queue ? tracerOf(settings, this.#queue) : undefined;
    return this.#tracer;
  }

  /** Sends what waits; settles in bounded time. */
  async flush(): Promise<void> {
    await this.#queue?.flush();
  }

  #queueTo({ address, port, protocol, service }: Settings): SpanQueue {
    const collector = { address, port, protocol: protocol === 'HTTP' ? 'http' : 'grpc' } as const;
    const counter = (result: string) => this.#registry.counter(metrics.spans, { result });
    return new SpanQueue(otlpExport(collector, { service, workload: this.#node }), {
      exported: counter('exported'),
      dropped: counter('dropped'),
      failed: counter('failed'),
    });
  }
}

function tracerOf({ share, keepErrors, keepSlowMs, propagation }: Settings, queue: SpanQueue): Tracer {
  const asked = propagation.reduce((set, name) => set | forms[name], 0);
  const settings = { share: share / whole, keepErrors, keepSlowMillis: keepSlowMs, forms: asked || W3C };
  return new Tracer(settings, (span) => queue.add(span));
}
