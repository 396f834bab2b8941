/** Times in milliseconds. */
export interface OutlierSettings {
  /** Failures in a row that eject; 0: off. */
  readonly consecutiveFailures: number;
  /** Below this share of successes in an interval an endpoint is ejected; 0: off. */
  readonly successRatePercent: number;
  /** An interval with fewer requests says nothing about the share. */
  readonly successRateMinRequests: number;
  readonly intervalMillis: number;
  /** The first ejection; each further one in a row lasts twice as long, up to the maximum. */
  readonly ejectionMillis: number;
  readonly maxEjectionMillis: number;
  /** Of the endpoints; one may always be ejected. */
  readonly maxEjectedPercent: number;
}

/** What detection knows of one endpoint. */
export class OutlierRecord {
  /** `probing`: the ejection is over if the probe that is under way succeeds. */
  state: 'in' | 'ejected' | 'probing' = 'in';
  failuresInRow = 0;
  /** Of the current interval. */
  requests = 0;
  failures = 0;
  /** Length of the last ejection; 0 before the first. */
  ejectedFor = 0;
  ejectedUntil = 0;
  /** When it was in last, and why it no longer is, in people's words. */
  ejectedAt = 0;
  reason = '';
  returnedAt = 0;
}

interface Watched {
  readonly outlier: OutlierRecord;
}

export interface OutlierHooks<T> {
  /** Whether it would serve again; the answer may come at once, and must come. */
  probe(endpoint: T, done: (ok: boolean, now: number) => void): void;
  ejected(endpoint: T): void;
  /** It is back: by a probe, or because detection is no longer wanted. */
  returned(endpoint: T): void;
  probed(ok: boolean): void;
}

/**
 * Ejects endpoints of a cluster that fail, and lets them back only after a probe succeeded. An ejection directly follows
 * the one before ("in a row") when the endpoint was back for less time than it had been out.
 */
export class OutlierDetector<T extends Watched> {
  readonly #hooks: OutlierHooks<T>;
  #settings: OutlierSettings | undefined;
  #endpoints: readonly T[] = [];
  #intervalEnd = 0;

  constructor(hooks: OutlierHooks<T>) {
    this.#hooks = hooks;
  }

  /** Endpoints keep their records; those that are no longer here are left alone. Undefined settings: off. */
  watch(endpoints: readonly T[], settings: OutlierSettings | undefined): void {
    this.#endpoints = endpoints;
    this.#settings = settings;
    if (settings !== undefined) return;
    for (const endpoint of endpoints) if (endpoint.outlier.state !== 'in') this.#return(endpoint, 0);
  }

  succeeded({ outlier }: T): void {
    outlier.failuresInRow = 0;
    outlier.requests++;
  }

  failed(endpoint: T, now: number): void {
    const { outlier } = endpoint;
    outlier.failuresInRow++;
    outlier.requests++;
    outlier.failures++;
    const bound = this.#settings?.consecutiveFailures ?? 0;
    if (bound > 0 && outlier.failuresInRow >= bound) {
      this.#eject(endpoint, now, () => failures(outlier.failuresInRow, 'in a row'));
    }
  }

  tick(now: number): void {
    if (this.#settings === undefined) return;
    if (now >= this.#intervalEnd) this.#endInterval(this.#settings, now);
    for (const endpoint of this.#endpoints) {
      const { outlier } = endpoint;
      if (outlier.state !== 'ejected' || now < outlier.ejectedUntil) continue;
      outlier.state = 'probing';
      this.#hooks.probe(endpoint, (ok, then) => this.#probed(endpoint, ok, then));
    }
  }

  #endInterval({ successRatePercent, successRateMinRequests, intervalMillis }: OutlierSettings, now: number): void {
    this.#intervalEnd = now + intervalMillis;
    for (const endpoint of this.#endpoints) {
      const { outlier } = endpoint;
      const { requests, failures: failed } = outlier;
      outlier.requests = 0;
      outlier.failures = 0;
      if (requests < Math.max(1, successRateMinRequests)) continue;
      if ((requests - failed) * 100 < successRatePercent * requests) {
        this.#eject(endpoint, now, () => failures(failed, `of ${requests} requests`));
      }
    }
  }

  #eject(endpoint: T, now: number, reason: () => string): void {
    const { outlier } = endpoint;
    const settings = this.#settings;
    if (settings === undefined || outlier.state !== 'in' || !this.#endpoints.includes(endpoint)) return;
    const out = this.#endpoints.filter((one) => one.outlier.state !== 'in').length;
    if (out >= Math.max(1, Math.floor((this.#endpoints.length * settings.maxEjectedPercent) / 100))) return;
    const inRow = outlier.ejectedFor > 0 && now - outlier.returnedAt < outlier.ejectedFor;
    outlier.ejectedAt = now;
    outlier.reason = reason();
    this.#stayOut(outlier, inRow ? outlier.ejectedFor * 2 : settings.ejectionMillis, settings, now);
    this.#hooks.ejected(endpoint);
  }

  #stayOut(outlier: OutlierRecord, millis: number, { maxEjectionMillis }: OutlierSettings, now: number): void {
    outlier.state = 'ejected';
    outlier.ejectedFor = Math.min(millis, maxEjectionMillis);
    outlier.ejectedUntil = now + outlier.ejectedFor;
  }

  #probed(endpoint: T, ok: boolean, now: number): void {
    const { outlier } = endpoint;
    if (outlier.state !== 'probing') return;
    this.#hooks.probed(ok);
    if (ok || this.#settings === undefined) this.#return(endpoint, now);
    else this.#stayOut(outlier, outlier.ejectedFor * 2, this.#settings, now);
  }

  #return(endpoint: T, now: number): void {
    const { outlier } = endpoint;
    outlier.state = 'in';
    outlier.failuresInRow = 0;
    outlier.requests = 0;
    outlier.failures = 0;
    outlier.returnedAt = now;
    this.#hooks.returned(endpoint);
  }
}

function failures(count: number, among: string): string {
  return `${count} ${count === 1 ? 'failure' : 'failures'} ${among}`;
}
