import { type NonEmpty, nonEmpty } from '../lib/collections.ts';
import { parseDuration } from '../lib/duration.ts';
import type {
  ClusterPolicy,
  Faults,
  HeaderEdits,
  JwtProvider,
  LoadBalancer,
  RateLimit,
  Retries,
  ServerPolicy,
  Timeouts,
} from '../model/policy.ts';
import { fieldDefaults, fullShare, sharesPerPercent } from './limits.ts';
import type { TlsRule, TrafficPolicy } from './types.ts';
import type { WireEdits, WireJwt, WireSpec } from './wire.ts';

/** Leaves out what is not said, and everything if nothing is. */
function said<T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): T | undefined {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as T);
}

function millis(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}

function share(percent: number): number {
  return Math.round(percent * sharesPerPercent);
}

/** What the caller's proxy does with each request. */
export function requestFields(spec: WireSpec): TrafficPolicy['request'] {
  const { mirror, headers, debugRouting } = spec;
  return (
    said<TrafficPolicy['request']>({
      timeouts: timeouts(spec),
      retries: retries(spec),
      faults: faults(spec),
      mirror: mirror && {
        service: mirror.service,
        ...(mirror.port === undefined ? {} : { port: mirror.port }),
        share: mirror.percent === undefined ? fullShare : share(mirror.percent),
      },
      headers: headers && said({ request: edits(headers.request), response: edits(headers.response) }),
      debugRouting,
    }) ?? {}
  );
}

function timeouts({ timeouts: stated = {} }: WireSpec): Timeouts | undefined {
  return said<Timeouts>({
    request: millis(stated.request),
    perTry: millis(stated.perTry),
    idle: millis(stated.idle),
  });
}

function retries({ retries: stated }: WireSpec): Retries | undefined {
  if (stated === undefined) return undefined;
  const { retryOn, methods = [], attempts, budget, backoff } = stated;
  return said<Retries>({
    on: retryOn && [...new Set(retryOn)],
    methods: nonEmpty([...new Set(methods)]),
    attempts,
    budget: budget && said<NonNullable<Retries['budget']>>({ ...budget, window: millis(budget.window) }),
    backoff: backoff && said<NonNullable<Retries['backoff']>>({ base: millis(backoff.base), max: millis(backoff.max) }),
  });
}

function faults({ faults: stated = {} }: WireSpec): Faults | undefined {
  const { delay, abort } = stated;
  return said<Faults>({
    delay: delay && { time: millis(delay.duration) ?? 0, share: share(delay.percent) },
    abort: abort && {
      httpStatus: abort.httpStatus,
      ...(abort.grpcStatus === undefined ? {} : { grpcStatus: abort.grpcStatus }),
      share: share(abort.percent),
    },
  });
}

function edits(stated: WireEdits | undefined): HeaderEdits | undefined {
  if (stated === undefined) return undefined;
  return said<HeaderEdits>({
    set: stated.set && lowerCase(stated.set),
    add: stated.add && lowerCase(stated.add),
    remove: stated.remove?.map((name) => name.toLowerCase()),
  });
}

function lowerCase(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name.toLowerCase(), value]));
}

/** How callers treat the endpoints. */
export function endpointFields(spec: WireSpec): ClusterPolicy {
  const { circuitBreaker, outlierDetection, healthCheck } = spec;
  return (
    said<ClusterPolicy>({
      loadBalancer: loadBalancer(spec),
      connectTimeout: millis(spec.timeouts?.connect),
      circuitBreaker,
      outlierDetection:
        outlierDetection &&
        ({
          ...outlierDetection,
          ...said({ interval: millis(outlierDetection.interval), ejection: ejection(outlierDetection.ejection) }),
        } as ClusterPolicy['outlierDetection']),
      healthCheck:
        healthCheck &&
        ({
          ...healthCheck,
          ...said({ interval: millis(healthCheck.interval), timeout: millis(healthCheck.timeout) }),
        } as ClusterPolicy['healthCheck']),
    }) ?? {}
  );
}

function ejection(stated: NonNullable<WireSpec['outlierDetection']>['ejection']) {
  return (
    stated && {
      ...said({ time: millis(stated.time), maxTime: millis(stated.maxTime) }),
      ...said({ maxPercent: stated.maxPercent }),
    }
  );
}

function loadBalancer({ loadBalancer: stated }: WireSpec): LoadBalancer | undefined {
  if (stated === undefined) return undefined;
  return said<LoadBalancer>({
    algorithm: stated.algorithm,
    hashOn: hashOn(stated.hashOn),
    locality: stated.locality,
    panicPercent: stated.panicPercent,
  });
}

function hashOn(stated: NonNullable<WireSpec['loadBalancer']>['hashOn']): LoadBalancer['hashOn'] {
  if (stated?.header !== undefined) return { header: stated.header.toLowerCase() };
  if (stated?.cookie !== undefined) return { cookie: stated.cookie };
  return stated === undefined ? undefined : { source: true };
}

/** What the server's proxy does. */
export function serverFields({ rateLimit, authentication }: WireSpec): ServerPolicy {
  return (
    said<ServerPolicy>({
      rateLimit: rateLimit && {
        requests: rateLimit.requests,
        period: millis(rateLimit.period) ?? fieldDefaults.rateLimitPeriod,
        burst: rateLimit.burst ?? 0,
        per: limitPer(rateLimit.per),
      },
      authentication: authentication && {
        jwt: authentication.jwt.map(jwtProvider) as unknown as NonEmpty<JwtProvider>,
        required: authentication.required ?? true,
      },
    }) ?? {}
  );
}

function limitPer(stated: NonNullable<WireSpec['rateLimit']>['per']): RateLimit['per'] {
  if (stated?.header !== undefined) return { header: stated.header.toLowerCase() };
  return stated === undefined ? 'all' : 'identity';
}

function jwtProvider(stated: WireJwt): JwtProvider {
  const { inline, file, url = '' } = stated.jwks;
  return {
    issuer: stated.issuer,
    audiences: stated.audiences ?? [],
    jwks: inline !== undefined ? { inline } : file !== undefined ? { file } : { url },
    cache: millis(stated.cache) ?? fieldDefaults.jwksCache,
    claimHeaders: Object.fromEntries(
      Object.entries(stated.claimHeaders ?? {}).map(([claim, name]) => [claim, name.toLowerCase()]),
    ),
    ...(stated.fromHeader === undefined ? {} : { fromHeader: stated.fromHeader.toLowerCase() }),
    forward: stated.forward ?? false,
  };
}

/** Who has to prove an identity. */
export function tlsRule({ tls }: WireSpec): TlsRule | undefined {
  if (tls === undefined) return undefined;
  const ports = nonEmpty(tls.ports ?? []);
  // `off` unquoted is `false` to the YAML that Kubernetes reads.
  return { mode: tls.mode === 'disabled' ? 'off' : tls.mode, ...(ports === undefined ? {} : { ports }) };
}
