/** Times in milliseconds. */
export interface HealthCheckSettings {
  /** Of a GET; empty: a connection must be possible. */
  readonly path: string;
  readonly intervalMillis: number;
  readonly timeoutMillis: number;
  /** Results in a row that change what an endpoint counts as. */
  readonly unhealthyAfter: number;
  readonly healthyAfter: number;
}

/** What checks found out about one endpoint. Until they say otherwise it is healthy, as discovery says. */
export class HealthRecord {
  healthy = true;
  checking = false;
  /** On the monotonic clock; -1: not planned yet. */
  nextAt = -1;
  /** Results in a row that contradict `healthy`. */
  contrary = 0;
}

interface Checked {
  readonly health: HealthRecord;
}

export interface HealthCheckHooks<T> {
  check(endpoint: T, settings: HealthCheckSettings, done: (ok: boolean, now: number) => void): void;
  changed(endpoint: T): void;
}

/** The first check comes within this time, so that a new configuration does not check everything at once. */
const firstCheckMillis = 1_000;

/** Asks each endpoint of a cluster now and then, at intervals that vary by a tenth either way. */
export class HealthChecker<T extends Checked> {
  readonly #hooks: HealthCheckHooks<T>;
  readonly #random: () => number;
  #settings: HealthCheckSettings | undefined;
  #endpoints: readonly T[] = [];

  constructor(hooks: HealthCheckHooks<T>, random: () => number) {
    this.#hooks = hooks;
    this.#random = random;
  }

  /** Endpoints keep their records. Undefined settings: off, and all count as healthy. */
  watch(endpoints: readonly T[], settings: HealthCheckSettings | undefined): void {
    this.#endpoints = endpoints;
    this.#settings = settings;
    if (settings !== undefined) return;
    for (const { health } of endpoints) {
      health.healthy = true;
      health.contrary = 0;
      health.nextAt = -1;
    }
  }

  tick(now: number): void {
    const settings = this.#settings;
    if (settings === undefined) return;
    for (const endpoint of this.#endpoints) {
      const { health } = endpoint;
      if (health.nextAt < 0) health.nextAt = now + this.#random() * Math.min(firstCheckMillis, settings.intervalMillis);
      if (health.checking || now < health.nextAt) continue;
      health.checking = true;
      this.#hooks.check(endpoint, settings, (ok, then) => this.#checked(endpoint, ok, then));
    }
  }

  #checked(endpoint: T, ok: boolean, now: number): void {
    const { health } = endpoint;
    const settings = this.#settings;
    health.checking = false;
    if (settings === undefined) return;
    health.nextAt = now + settings.intervalMillis * (0.9 + 0.2 * this.#random());
    if (ok === health.healthy) {
      health.contrary = 0;
      return;
    }
    health.contrary++;
    if (health.contrary < (ok ? settings.healthyAfter : settings.unhealthyAfter)) return;
    health.contrary = 0;
    health.healthy = ok;
    this.#hooks.changed(endpoint);
  }
}
