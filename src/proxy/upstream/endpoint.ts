import type { Locality } from '../../lib/locality.ts';
import { limits } from '../limits.ts';
import type { BalancedEndpoint } from './balance/balancer.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import { HealthRecord } from './health-check.ts';
import type { Latency } from './latency.ts';
import { type OutlierDetector, OutlierRecord } from './outlier.ts';

/**
 * A server as one cluster sees it. How fast it answers and what it has under way belong to its pool, which clusters share;
 * whether it may be chosen is each cluster's own matter, by its own policy.
 */
export class Endpoint implements BalancedEndpoint {
  /** `ADDRESS:PORT`. */
  readonly id: string;
  readonly pool: EndpointPool;
  locality: Locality;
  readonly outlier: OutlierRecord;
  readonly health: HealthRecord;
  readonly #detector: OutlierDetector<Endpoint>;

  /** `before`: the same server with other connections, whose state goes on. */
  constructor(pool: EndpointPool, locality: Locality, detector: OutlierDetector<Endpoint>, before?: Endpoint) {
    this.id = `${pool.target.address}:${pool.target.port}`;
    this.pool = pool;
    this.locality = locality;
    this.outlier = before?.outlier ?? new OutlierRecord();
    this.health = before?.health ?? new HealthRecord();
    this.#detector = detector;
  }

  get outstanding(): number {
    return this.pool.outstanding;
  }

  get latency(): Latency {
    return this.pool.latency;
  }

  /** Neither ejected nor found unhealthy. */
  get usable(): boolean {
    return this.outlier.state === 'in' && this.health.healthy;
  }

  /** The head of an answer came; `millis` after the whole request was sent, negative when it was not yet. */
  answered(status: number, millis: number, now: number): void {
    // What fails fast must not look fast.
    if (status === 502 || status === 503 || status === 504) {
      this.failed(now);
      return;
    }
    if (millis >= 0) this.latency.answered(millis, now);
    this.#detector.succeeded(this);
  }

  /** A connection of TCP is there. */
  connected(): void {
    this.#detector.succeeded(this);
  }

  /** There was no answer in the time that there was. Less than it usually takes is no fault of its own. */
  timedOut(millis: number, now: number): void {
    const usual = this.latency.usual(now);
    if (millis > (usual < 0 ? limits.neutralLatencyMillis : usual)) this.failed(now);
  }

  /** No connection, or it broke before an answer. */
  failed(now: number): void {
    this.latency.failed(now);
    this.#detector.failed(this, now);
  }

  /** It is alive and has too much to do, or we have for it: less goes there for a while, but it is not ejected. */
  overloaded(now: number): void {
    this.latency.failed(now);
  }
}
