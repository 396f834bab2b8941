import { metrics } from '../../telemetry/catalogue.ts';
import type { MetricsRegistry } from '../../telemetry/registry.ts';
import type { Counter } from '../../telemetry/series.ts';
import { limits } from '../limits.ts';

/** Logs refused requests by the rule that came nearest, at a bounded rate; what was left out is counted in the next line. */
export class DenialLog {
  readonly #log: (line: string) => void;
  #second = 0;
  #lines = 0;
  #omitted = 0;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  note(mode: string, peer: string, nearest: string): void {
    const outcome = mode === 'AUDIT' ? 'would be denied' : 'denied';
    this.#write(`${outcome} peer=${peer} nearest-rule=${nearest === '' ? 'none' : nearest}`);
  }

  /** The end user of a request did not prove what a policy asks for. */
  unauthenticated(peer: string, policy: string, reason: string): void {
    this.#write(`not authenticated peer=${peer} policy=${policy} reason=${JSON.stringify(reason)}`);
  }

  /** A connection that was not taken. */
  connection(direction: 'outbound' | 'inbound', from: string, to: string, reason: string): void {
    this.#write(`refused ${direction} connection from=${from} to=${to} reason=${reason}`);
  }

  #write(line: string): void {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#lines = 0;
    }
    if (++this.#lines > limits.denialLinesPerSecond) {
      this.#omitted++;
      return;
    }
    const omitted = this.#omitted === 0 ? '' : ` (${this.#omitted} more before)`;
    this.#omitted = 0;
    this.#log(`${line}${omitted}`);
  }
}

/** Counts connections that were not taken, before anything was asked of them or they proved who they are. */
export function refusedConnections(
  registry: MetricsRegistry,
  direction: 'outbound' | 'inbound',
  reason: string,
): Counter {
  return registry.counter(metrics.refusedConnections, { direction, reason });
}
