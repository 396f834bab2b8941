import type { RateLimit } from '../../../src/model/policy.ts';
import type { HttpMatch } from '../../../src/model/types.ts';
import { permission } from './match.ts';
import { any, type Message } from './message.ts';
import type { ServerLayer } from './server-layers.ts';

/** Clients or header values that one limit tells apart, as in our own proxy. */
const maxKeys = 10_000;
/** Envoy takes no shorter interval between fills. */
const minFillMillis = 50;

const always: Message = { defaultValue: { numerator: 100, denominator: 'HUNDRED' } };

/**
 * Each policy counts in a filter of its own, behind those that decide about access. `identified`: whether callers prove who
 * they are; those who do not are one.
 */
export function rateLimits(layers: readonly ServerLayer[], identified: boolean): readonly Message[] {
  return layers.flatMap(({ name, layer: { fields, matches } }, index) => {
    if (fields.rateLimit === undefined) return [];
    const prefix = `limit-${index}-`;
    const coverage = matches === 'any' ? [] : [coverageFilter(name, prefix, matches)];
    return [...coverage, limitFilter(name, fields.rateLimit, matches === 'any' ? undefined : prefix, identified)];
  });
}

/** Refuses nothing: notes in the request's metadata whether a policy is about it, by the rules that grants have. */
function coverageFilter(name: string, prefix: string, matches: readonly HttpMatch[]): Message {
  const covered = { permissions: matches.map(permission), principals: [{ any: true }] };
  const config = { shadowRules: { action: 'ALLOW', policies: { covered } }, shadowRulesStatPrefix: prefix };
  return {
    name: `rate-limit coverage ${name}`,
    typedConfig: any('envoy.extensions.filters.http.rbac.v3.RBAC', config),
  };
}

function limitFilter(name: string, limit: RateLimit, coverage: string | undefined, identified: boolean): Message {
  const tokenBucket = bucket(limit);
  const covered = coverage === undefined ? [] : [coveredBy(coverage)];
  const counters = kinds(limit.per, identified).map((kind) => [...covered, ...kind]);
  return {
    name: `rate-limit ${name}`,
    typedConfig: any('envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit', {
      statPrefix: name,
      filterEnabled: always,
      filterEnforced: always,
      enableRetryAfterHeader: true,
      rateLimitedAsResourceExhausted: true,
      ...(counters[0]?.length === 0
        ? { tokenBucket }
        : {
            rateLimits: counters.map((parts) => ({ actions: parts.map(({ action }) => action) })),
            descriptors: counters.map((parts) => ({ entries: parts.map(({ entry }) => entry), tokenBucket })),
            maxDynamicDescriptors: maxKeys,
          }),
    }),
  };
}

/** A bucket that holds a period's requests and the burst, and fills evenly. */
function bucket({ requests, period, burst }: RateLimit): Message {
  const times = Math.max(1, Math.ceil(minFillMillis / period));
  return {
    maxTokens: requests + burst,
    tokensPerFill: requests * times,
    fillInterval: `${(period * times) / 1_000}s`,
  };
}

/** What is looked up of a request, and the counter that it then has; without a value each value has its own. */
interface Part {
  readonly action: Message;
  readonly entry: { readonly key: string; readonly value?: string };
}

/** Whether a coverage filter said that the policy is about the request. */
function coveredBy(prefix: string): Part {
  const metadataKey = { key: 'envoy.filters.http.rbac', path: [{ key: `${prefix}shadow_engine_result` }] };
  return {
    action: { metadata: { descriptorKey: 'covered', metadataKey, source: 'DYNAMIC' } },
    entry: { key: 'covered', value: 'allowed' },
  };
}

/** Of several kinds of counters the one whose parts the request has counts it. */
function kinds(per: RateLimit['per'], identified: boolean): readonly (readonly Part[])[] {
  if (per === 'all' || (per === 'identity' && !identified)) return [[]];
  if (per === 'identity') {
    const type = 'envoy.extensions.rate_limit_descriptors.expr.v3.Descriptor';
    const typedConfig = any(type, { descriptorKey: 'identity', text: 'connection.uri_san_peer_certificate' });
    const action = { extension: { name: 'envoy.rate_limit_descriptors.expr', typedConfig } };
    return [[{ action, entry: { key: 'identity' } }]];
  }
  const absent = {
    descriptorKey: 'without',
    descriptorValue: per.header,
    headers: [{ name: per.header, presentMatch: true, invertMatch: true }],
  };
  return [
    [
      {
        action: { requestHeaders: { headerName: per.header, descriptorKey: 'header' } },
        entry: { key: 'header' },
      },
    ],
    [{ action: { headerValueMatch: absent }, entry: { key: 'without', value: per.header } }],
  ];
}
