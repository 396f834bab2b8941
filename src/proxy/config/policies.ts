import type { HttpMatch__Output } from '../../../generated/types/proxy/smi/proxy/v1/HttpMatch.ts';
import { mergeLayers, type Resolver } from '../policy/merge-layers.ts';
import { type Coverage, PolicyTable } from '../policy/policy-table.ts';
import type { Exchange } from '../routing/exchange.ts';
import { validMatcher } from '../routing/match.ts';
import type { PolicyUse } from '../routing/outbound-table.ts';
import type { Messages } from './resources.ts';

/** What a layer says about which requests it covers. */
interface Covering {
  readonly any: boolean;
  readonly matches: readonly HttpMatch__Output[];
}

/** The policies of the requests to a service. */
export function policyTable(
  policies: Messages['OutboundService']['policies'],
  resolver: Resolver,
): PolicyTable<Exchange> {
  return new PolicyTable<Exchange>(policies.map(coverageOf), (layers) =>
    mergeLayers(
      layers.map((index) => policies[index]!),
      resolver,
    ),
  );
}

/** What any of the layers asks for. */
export function usesOf(layers: Messages['OutboundService']['policies']): ReadonlySet<PolicyUse> {
  return new Set(
    layers.flatMap(({ faults, mirror, requestHeaders, responseHeaders }): PolicyUse[] => [
      ...(faults?.delay ? (['delay'] as const) : []),
      ...(faults?.abort ? (['abort'] as const) : []),
      ...(mirror === null ? [] : (['mirror'] as const)),
      ...(requestHeaders === null && responseHeaders === null ? [] : (['edit'] as const)),
    ]),
  );
}

/** Undefined: every request. */
export function coverageOf({ any, matches }: Covering): Coverage<Exchange> {
  if (any) return undefined;
  const matchers = matches.map(validMatcher);
  if (matchers.some((matcher) => matcher === undefined)) return undefined;
  return matchers.length === 1 ? matchers[0] : (exchange) => matchers.some((matcher) => matcher!(exchange));
}
