import type { Counter, Histogram, MetricsRegistry } from './registry.ts';

/** `unauthenticated`: a plain caller at a port that lets them in. */
export type Verdict =
  | 'forwarded'
  | 'rejected'
  | 'failed'
  | 'allowed'
  | 'denied'
  | 'audited'
  | 'limited'
  | 'unauthenticated';

/** What all requests of one series have in common. */
export interface RequestLabels {
  readonly direction: 'outbound' | 'inbound';
  readonly source: string;
  readonly sourceIdentity: string;
  readonly destination: string;
  readonly backend: string;
  readonly route: string;
}

/** What went through a raw connection, and for how long. */
export interface ConnectionCounters {
  readonly toServer: Counter;
  readonly toClient: Counter;
  readonly seconds: Counter;
}

/** What went through tunnels, in bytes. */
export interface TunnelBytes {
  readonly toServer: Counter;
  readonly toClient: Counter;
}

/** Counts the requests of one kind: `smi_requests_total` by code and verdict, and how long they took. */
export class RequestSeries {
  readonly labels: RequestLabels;
  readonly #registry: MetricsRegistry;
  #carried: ConnectionCounters | undefined;
  readonly #duration: Histogram;
  readonly #codes: number[] = [];
  readonly #verdicts: Verdict[] = [];
  readonly #counters: Counter[] = [];
  readonly #connections: Partial<Record<Verdict, Counter>> = {};

  constructor(registry: MetricsRegistry, labels: RequestLabels) {
    this.#registry = registry;
    this.labels = labels;
    const { direction, source, destination, backend } = labels;
    this.#duration = registry.histogram('smi_request_duration_seconds', 'Time from request head to end of response.', {
      direction,
      source,
      destination,
      backend,
    });
  }

  /** `code` is the status that the client got, 0 when it got none. */
  record(code: number, verdict: Verdict, seconds: number): void {
    // How long a tunnel stood says nothing about how fast the server answers.
    if (code !== 101) this.#duration.observe(seconds);
    for (let i = 0; i < this.#codes.length; i++) {
      if (this.#codes[i] === code && this.#verdicts[i] === verdict) {
        this.#counters[i]!.value++;
        return;
      }
    }
    this.#add(code, verdict).value++;
  }

  /** A raw connection was taken, or not. */
  connection(verdict: Verdict): void {
    const { direction, source, sourceIdentity, destination, backend, route } = this.labels;
    this.#connections[verdict] ??= this.#registry.counter('smi_tcp_connections_total', 'TCP connections taken.', {
      direction,
      source,
      source_identity: sourceIdentity,
      destination,
      backend,
      route,
      verdict,
    });
    this.#connections[verdict].value++;
  }

  /** A raw connection is tried at another endpoint. */
  connectRetried(): void {
    const reason = { reason: 'connect-failure' };
    this.#count('smi_tcp_retries_total', 'TCP connections that were tried at another endpoint.', reason);
  }

  /** For a raw connection that is carried. */
  carried(): ConnectionCounters {
    this.#carried ??= this.#carry();
    return this.#carried;
  }

  #carry(): ConnectionCounters {
    const { direction, source, destination, backend } = this.labels;
    const labels = { direction, source, destination, backend };
    const bytes = (flow: string) =>
      this.#registry.counter('smi_tcp_bytes_total', 'Bytes carried on TCP connections.', { ...labels, flow });
    const help = 'Time that TCP connections were open, counted when they end.';
    const seconds = this.#registry.counter('smi_tcp_connection_seconds_total', help, labels);
    return { toServer: bytes('to-server'), toClient: bytes('to-client'), seconds };
  }

  /** A request went out once more. */
  retried(reason: string): void {
    this.#count('smi_retries_total', 'Requests that were sent once more.', { reason });
  }

  /** A request would have gone out once more, but too many did already. */
  budgetExhausted(): void {
    this.#count('smi_retry_budget_exhausted_total', 'Retries that the budget did not allow.');
  }

  deadlineExceeded(): void {
    this.#count('smi_deadline_exceeded_total', 'Requests that were cut off at their deadline.');
  }

  /** For a request whose connection becomes a tunnel. */
  tunnel(): TunnelBytes {
    const { direction, source, destination, backend } = this.labels;
    const counter = (flow: string) =>
      this.#registry.counter('smi_tunnel_bytes_total', 'Bytes carried after an upgrade of HTTP/1.1.', {
        direction,
        source,
        destination,
        backend,
        flow,
      });
    return { toServer: counter('to-server'), toClient: counter('to-client') };
  }

  /** Policy delayed the request, or answered it, on purpose. */
  faulted(kind: 'delay' | 'abort'): void {
    this.#count('smi_faults_total', 'Requests that a policy delayed or aborted on purpose.', { kind });
  }

  /** A copy of a request ended, or was not made. */
  mirrored(mirror: string, outcome: string): void {
    this.#count('smi_mirrored_total', 'Copies of requests, by how they ended.', { mirror, outcome });
  }

  /** Too many requests came. */
  rateLimited(policy: string): void {
    this.#count('smi_rate_limited_total', 'Requests over the rate that a policy allows.', { policy });
  }

  #count(name: string, help: string, more: Readonly<Record<string, string>> = {}): void {
    const { direction, destination, backend } = this.labels;
    this.#registry.counter(name, help, { direction, destination, backend, ...more }).value++;
  }

  #add(code: number, verdict: Verdict): Counter {
    const { direction, source, sourceIdentity, destination, backend, route } = this.labels;
    const counter = this.#registry.counter('smi_requests_total', 'Requests answered.', {
      direction,
      source,
      source_identity: sourceIdentity,
      destination,
      backend,
      route,
      code: String(code),
      verdict,
    });
    this.#codes.push(code);
    this.#verdicts.push(verdict);
    this.#counters.push(counter);
    return counter;
  }
}
