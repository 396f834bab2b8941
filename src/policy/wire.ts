import type { RetryCondition } from '../model/policy.ts';
import type { PolicyMatch, PolicyTarget } from './types.ts';

/** `spec` of v1alpha1, after the schema has accepted it. Durations are texts (GEP-2257), percents may have two decimals. */
export interface WireSpec {
  readonly targetRefs: readonly PolicyTarget[];
  readonly matches?: readonly PolicyMatch[];
  readonly loadBalancer?: {
    readonly algorithm?: 'ewma' | 'leastRequest' | 'roundRobin' | 'random' | 'ringHash' | 'maglev';
    readonly hashOn?: { readonly header?: string; readonly cookie?: string; readonly source?: true };
    readonly locality?: { readonly prefer?: boolean; readonly failover?: readonly string[] };
    readonly panicPercent?: number;
  };
  readonly timeouts?: Readonly<Partial<Record<'connect' | 'request' | 'perTry' | 'idle', string>>>;
  readonly retries?: {
    readonly retryOn?: readonly RetryCondition[];
    readonly methods?: readonly string[];
    readonly attempts?: number;
    readonly budget?: { readonly percent?: number; readonly minPerSecond?: number; readonly window?: string };
    readonly backoff?: { readonly base?: string; readonly max?: string };
  };
  readonly circuitBreaker?: Readonly<Partial<Record<'connections' | 'pending' | 'requests' | 'retries', number>>>;
  readonly outlierDetection?: {
    readonly consecutiveFailures?: number;
    readonly successRate?: { readonly percent?: number; readonly minRequests?: number };
    readonly interval?: string;
    readonly ejection?: { readonly time?: string; readonly maxTime?: string; readonly maxPercent?: number };
    readonly probePath?: string;
  };
  readonly healthCheck?: {
    readonly path?: string;
    readonly interval?: string;
    readonly timeout?: string;
    readonly unhealthyAfter?: number;
    readonly healthyAfter?: number;
  };
  readonly faults?: {
    readonly delay?: { readonly duration: string; readonly percent: number };
    readonly abort?: { readonly httpStatus: number; readonly grpcStatus?: number; readonly percent: number };
  };
  readonly mirror?: { readonly service: string; readonly port?: number; readonly percent?: number };
  readonly headers?: { readonly request?: WireEdits; readonly response?: WireEdits };
  readonly debugRouting?: boolean;
  readonly rateLimit?: {
    readonly requests: number;
    readonly period?: string;
    readonly burst?: number;
    readonly per?: { readonly identity?: true; readonly header?: string };
  };
  readonly authentication?: { readonly jwt: readonly WireJwt[]; readonly required?: boolean };
  readonly tls?: { readonly mode: 'strict' | 'permissive' | 'disabled'; readonly ports?: readonly number[] };
}

export interface WireEdits {
  readonly set?: Readonly<Record<string, string>>;
  readonly add?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

export interface WireJwt {
  readonly issuer: string;
  readonly audiences?: readonly string[];
  readonly jwks: { readonly inline?: string; readonly file?: string; readonly url?: string };
  readonly cache?: string;
  readonly claimHeaders?: Readonly<Record<string, string>>;
  readonly fromHeader?: string;
  readonly forward?: boolean;
}
