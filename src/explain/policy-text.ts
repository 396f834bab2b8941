import type { Guard } from '../model/guards.ts';
import type { Authentication, RateLimit } from '../model/policy.ts';
import { type FieldInForce, specField } from '../model/policy-fields.ts';
import type { PolicyInForce } from './explanation.ts';

/** The fields of TrafficPolicies in force, in people's words. */
export function describeFields(fields: readonly FieldInForce[]): readonly PolicyInForce[] {
  return fields.map(({ path, value, policy, origins }) => {
    const [field = '', ...rest] = specField(path).split('.');
    const said = [...rest, describeValue(path, value)].filter((part) => part !== '').join(' ');
    return { policy: field, text: `${said}, by TrafficPolicy ${policy}`, origins };
  });
}

/** What a server asks of a request. */
export function describeGuard({ policy, authentication, rateLimit, origins }: Guard): readonly PolicyInForce[] {
  const at = (field: string) => origins.filter(({ path }) => path === `spec.${field}`);
  const by = `by TrafficPolicy ${policy}`;
  return [
    ...(authentication === undefined
      ? []
      : [
          {
            policy: 'authentication',
            text: `${describeAuthentication(authentication)}, ${by}`,
            origins: at('authentication'),
          },
        ]),
    ...(rateLimit === undefined
      ? []
      : [{ policy: 'rateLimit', text: `${describeLimit(rateLimit)}, ${by}`, origins: at('rateLimit') }]),
  ];
}

function describeAuthentication({ jwt, required }: Authentication): string {
  const issuers = jwt.map(({ issuer }) => issuer).join(' or ');
  return `${required ? 'a token' : 'a good token or none'} of ${issuers}`;
}

function describeLimit({ requests, period, burst, per }: RateLimit): string {
  const more = burst > 0 ? ` and ${burst} at once on top` : '';
  const each = per === 'all' ? '' : per === 'identity' ? ' for each identity' : ` for each value of ${per.header}`;
  return `${requests} requests in ${millisText(period)}${more}${each}`;
}

const times: ReadonlySet<string> = new Set([
  ...['timeouts.request', 'timeouts.perTry', 'timeouts.idle', 'connectTimeout', 'retries.budget.window'],
  ...['retries.backoff.base', 'retries.backoff.max', 'outlierDetection.interval', 'outlierDetection.ejection.time'],
  ...['outlierDetection.ejection.maxTime', 'healthCheck.interval', 'healthCheck.timeout'],
]);

function describeValue(path: string, value: unknown): string {
  if (times.has(path)) return value === 0 ? 'no limit' : millisText(Number(value));
  switch (path) {
    case 'authentication':
      return describeAuthentication(value as Authentication);
    case 'rateLimit':
      return describeLimit(value as RateLimit);
    case 'faults.delay': {
      const { time, share } = value as { readonly time: number; readonly share: number };
      return `${millisText(time)} for ${share / 100} %`;
    }
    case 'faults.abort': {
      const { httpStatus, share } = value as { readonly httpStatus: number; readonly share: number };
      return `${httpStatus} for ${share / 100} %`;
    }
    case 'mirror': {
      const { service, port, share } = value as Readonly<Record<'service' | 'port' | 'share', string | number>>;
      return `${Number(share) / 100} % to ${service}:${port}`;
    }
    default:
      return plainText(value);
  }
}

function plainText(value: unknown): string {
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, inner]) => `${name}: ${plainText(inner)}`)
    .join(', ');
}

function millisText(millis: number): string {
  if (millis % 1_000 !== 0) return `${millis}ms`;
  return millis % 60_000 === 0 ? `${millis / 60_000}m` : `${millis / 1_000}s`;
}
