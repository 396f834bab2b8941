import type { LocalEvent } from '../../control/local/events.ts';

/** Which errors stand now: those of the last load, what failed since, and what proxies refuse. */
export class StandingErrors {
  #ofLoad = 0;
  #since = 0;
  readonly #refused = new Set<string>();

  get any(): boolean {
    return this.#ofLoad + this.#since + this.#refused.size > 0;
  }

  observe(event: LocalEvent): void {
    switch (event.type) {
      case 'reload':
        this.#ofLoad = event.errors;
        this.#since = 0;
        return;
      case 'diagnostic':
        // A refusal stands until it is over, whatever is loaded meanwhile.
        if (event.diagnostic.severity === 'error' && event.diagnostic.code !== 'SMI5101') this.#since += 1;
        return;
      case 'nack':
        this.#refused.add(event.id);
        return;
      case 'recovered':
        this.#refused.delete(event.id);
        return;
      case 'process':
        // Another control plane starts with what its proxies refuse then.
        if (event.part === 'control-plane' && event.state === 'started') this.#refused.clear();
    }
  }
}
