import type { Origin } from '../diagnostics/origin.ts';
import type { NonEmpty } from '../lib/collections.ts';
import type { HttpMatch } from './http-match.ts';
import type { ServiceId } from './names.ts';

/**
 * What TrafficPolicies mean. Times are whole milliseconds, shares are hundredths of a percent (0 to 10,000). A field that is
 * absent is "not said here": the next layer says it, or in the end the data plane's default.
 */

/** The place of a field that stands elsewhere than in a TrafficPolicy: `says` is where it would stand there. */
export interface FieldOrigin extends Origin {
  readonly says?: string;
}

/** One TrafficPolicy, or rule of a route, as far as it concerns a service port or a container port. */
export interface PolicyLayer<Fields> {
  /** `NAMESPACE/NAME` of the TrafficPolicy or the route. */
  readonly policy: string;
  /** A request is covered when any of the matches holds. */
  readonly matches: 'any' | NonEmpty<HttpMatch>;
  readonly fields: Fields;
  readonly origins: readonly FieldOrigin[];
}

/** What a client's proxy does with a request to a service. */
export interface RequestPolicy {
  readonly timeouts?: Timeouts;
  readonly retries?: Retries;
  readonly faults?: Faults;
  readonly mirror?: { readonly service: ServiceId; readonly port: number; readonly share: number };
  readonly headers?: { readonly request?: HeaderEdits; readonly response?: HeaderEdits };
  /** Whether a client may name, in `x-smi-backend`, the backend of a split that takes its request. */
  readonly debugRouting?: boolean;
}

/** 0 is no limit. */
export interface Timeouts {
  /** From the request's head to the end of its answer, all tries together. */
  readonly request?: number;
  /** From the start of one try to the head of its answer. */
  readonly perTry?: number;
  /** Without a byte in either direction. */
  readonly idle?: number;
}

export type RetryCondition =
  | 'connectFailure'
  | 'reset'
  | 'gatewayError'
  | 'serverError'
  | 'rateLimited'
  | 'perTryTimeout'
  | 'grpcCancelled'
  | 'grpcDeadlineExceeded'
  | 'grpcResourceExhausted'
  | 'grpcUnavailable';

export interface Retries {
  readonly on?: readonly RetryCondition[];
  readonly methods?: 'idempotent' | NonEmpty<string>;
  /** Tries after the first. */
  readonly attempts?: number;
  readonly budget?: {
    /** Retries are at most this share of the requests of the window, in percent ... */
    readonly percent?: number;
    /** ... and at least so many per second are allowed. */
    readonly minPerSecond?: number;
    readonly window?: number;
  };
  readonly backoff?: { readonly base?: number; readonly max?: number };
}

export interface Faults {
  readonly delay?: { readonly time: number; readonly share: number };
  readonly abort?: { readonly httpStatus: number; readonly grpcStatus?: number; readonly share: number };
}

/** In the order remove, set, add. Names are lower case. */
export interface HeaderEdits {
  readonly set?: Readonly<Record<string, string>>;
  readonly add?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

/** How clients treat the endpoints of a service port: that of the backend, whichever service was asked for. */
export interface ClusterPolicy {
  readonly loadBalancer?: LoadBalancer;
  readonly connectTimeout?: number;
  readonly circuitBreaker?: CircuitBreaker;
  readonly outlierDetection?: OutlierDetection;
  readonly healthCheck?: HealthCheck;
}

export interface LoadBalancer {
  readonly algorithm?: 'ewma' | 'leastRequest' | 'roundRobin' | 'random' | 'ringHash' | 'maglev';
  readonly hashOn?: { readonly header: string } | { readonly cookie: string } | { readonly source: true };
  readonly locality?: {
    /** Own zone, then own region, then `failover` in order, then the rest. */
    readonly prefer?: boolean;
    /** Regions or zones. */
    readonly failover?: readonly string[];
  };
  /** With fewer healthy endpoints than this, in percent, health is ignored. */
  readonly panicPercent?: number;
}

/** Of one client's proxy towards one service port. */
export interface CircuitBreaker {
  readonly connections?: number;
  readonly pending?: number;
  readonly requests?: number;
  readonly retries?: number;
}

export interface OutlierDetection {
  /** Failures in a row; 0 switches it off. */
  readonly consecutiveFailures?: number;
  readonly successRate?: { readonly percent?: number; readonly minRequests?: number };
  readonly interval?: number;
  /** The first ejection; each further one in a row doubles it up to the maximum. */
  readonly ejection?: { readonly time?: number; readonly maxTime?: number; readonly maxPercent?: number };
  /** Path of the GET that must succeed before an endpoint returns; absent: a connection must be possible. */
  readonly probePath?: string;
}

export interface HealthCheck {
  /** Absent: a connection must be possible. */
  readonly path?: string;
  readonly interval?: number;
  readonly timeout?: number;
  readonly unhealthyAfter?: number;
  readonly healthyAfter?: number;
}

/** What a server's proxy does with requests at some container ports. */
export interface ServerPolicy {
  readonly rateLimit?: RateLimit;
  readonly authentication?: Authentication;
}

export interface RateLimit {
  readonly requests: number;
  readonly period: number;
  /** On top of `requests`. */
  readonly burst: number;
  readonly per: 'all' | 'identity' | { readonly header: string };
}

export interface Authentication {
  readonly jwt: NonEmpty<JwtProvider>;
  /** A request without a token is refused; a bad token always is. */
  readonly required: boolean;
}

export interface JwtProvider {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly jwks: { readonly inline: string } | { readonly file: string } | { readonly url: string };
  /** How long fetched keys are used. */
  readonly cache: number;
  /** Claim -> lower-case header. */
  readonly claimHeaders: Readonly<Record<string, string>>;
  /** Absent: `authorization` with `Bearer`. */
  readonly fromHeader?: string;
  /** Whether the token goes on to the program. */
  readonly forward: boolean;
}
