import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { atOrigins, diagnostic } from '../diagnostics/diagnostic.ts';
import type { Origin } from '../diagnostics/origin.ts';
import { uniqueOrigins } from '../model/origins.ts';
import type { PolicyLayer } from '../model/policy.ts';
import { allRequestLayers } from '../model/policy-fields.ts';
import type { GrantTarget, HttpMatch, InboundPolicy, MeshModel, PortPolicy, Principal } from '../model/types.ts';
import type { Adapter } from './contract.ts';
import { type Feature, features } from './features.ts';
import { policyUses, portUses } from './policy-uses.ts';

/** One use of a feature, with the fields that ask for it; none when the mesh as a whole does. */
export interface Use {
  readonly feature: Feature;
  readonly origins: readonly Origin[];
}

/**
 * What the model asks for and the adapter cannot say exactly: one finding for each feature, at the first place that
 * uses it, the others as related. Computed from the support table, so that no adapter can forget to warn. Approximations
 * that the adapter reports case by case are left to it.
 */
export function losses(model: MeshModel, adapter: Pick<Adapter, 'id' | 'support'>): readonly Diagnostic[] {
  const uses = Map.groupBy(featureUses(model), ({ feature }) => feature);
  return features.flatMap((feature) => {
    const found = uses.get(feature);
    const support = adapter.support[feature];
    if (found === undefined || support.level === 'exact') return [];
    if (support.level === 'approximate' && support.reported === true) return [];
    const place = atOrigins(uniqueOrigins(found.flatMap(({ origins }) => origins)));
    return support.level === 'none'
      ? [diagnostic('SMI5002', { message: `${adapter.id} cannot express ${feature}: ${support.why}`, ...place })]
      : [diagnostic('SMI5001', { message: `${adapter.id} approximates ${feature}: ${support.how}`, ...place })];
  });
}

/** Every use of every feature, in the model's order. */
export function featureUses(model: MeshModel): readonly Use[] {
  return [
    ...(model.settings.clientAccess === 'refuse' ? [use('client-access', [])] : []),
    ...(model.settings.metrics === 'none' ? [use('metrics-none', [])] : []),
    ...tracingUses(model.settings),
    ...refusingOutside(model),
    ...Object.values(model.services)
      .filter(({ externalName }) => externalName !== undefined)
      .map(({ origins }) => use('external-services', origins)),
    ...Object.values(model.workloads).flatMap(({ transport, ports, origins }) => [
      use(transport === 'mtls' ? 'mutual-tls' : 'plain-workloads', origins),
      ...portUses(ports, origins),
    ]),
    ...Object.values(model.outbound).flatMap(({ service, ports }) =>
      Object.values(ports).flatMap((port) => outboundUses(port, model.services[service]?.origins ?? [])),
    ),
    ...Object.values(model.inbound).flatMap((policy) => inboundUses(policy, model.trustDomain)),
  ];
}

function tracingUses({ tracing }: MeshModel['settings']): readonly Use[] {
  if (tracing === undefined) return [];
  const { keepErrors, keepSlowMillis, propagation } = tracing;
  return [
    use('tracing', []),
    ...(keepErrors || keepSlowMillis !== undefined ? [use('tracing-kept', [])] : []),
    ...(propagation.some((form) => form !== 'w3c') ? [use('tracing-b3', [])] : []),
  ];
}

/** Passing through is what happens anyhow, so that nobody asks for it. */
function refusingOutside({ settings, workloads }: MeshModel): readonly Use[] {
  if (settings.outboundMode === 'passthrough') return [];
  const asked = Object.values(workloads).some(
    ({ outbound, transport }) => outbound === 'intercepted' && transport === 'mtls',
  );
  return asked ? [use('outbound-registry-only', [])] : [];
}

function outboundUses(port: PortPolicy, service: readonly Origin[]): readonly Use[] {
  const { protocol, rules, endpoints } = port;
  return [
    use(routing[protocol], service),
    ...rules.flatMap(({ from, match, to, origins }) => [
      ...(from === 'any' ? [] : [use('client-rules', origins)]),
      ...(to.kind === 'weighted' ? [use('weighted-split', origins)] : []),
      ...(to.kind === 'fail' ? [use('failed-distribution', origins)] : []),
      ...(match === 'any' ? [] : [use('split-with-matches', origins), ...matchUses(match)]),
    ]),
    ...layerUses([...allRequestLayers(port), ...(endpoints === undefined ? [] : [endpoints])]),
  ];
}

const routing = { http: 'http-routing', tcp: 'tcp-routing', udp: 'udp-routing' } as const;

function inboundUses({ mode, grants, policies }: InboundPolicy, trustDomain: string): readonly Use[] {
  return [
    ...(mode === 'audit' ? [use('access-audit', [])] : []),
    ...(mode === 'allow' ? [use('access-allow', [])] : []),
    ...grants.flatMap(({ from, to, origins }) => [
      use('access-identity', origins),
      ...from.flatMap((principal) => principalUses(principal, trustDomain)),
      ...to.flatMap(targetUses),
    ]),
    ...layerUses(policies ?? []),
  ];
}

function layerUses(layers: readonly PolicyLayer<object>[]): readonly Use[] {
  return [
    ...policyUses(layers),
    ...layers.flatMap(({ matches }) => (matches === 'any' ? [] : matches.flatMap(matchUses))),
  ];
}

function principalUses({ kind, spiffe, origins }: Principal, trustDomain: string): readonly Use[] {
  if (kind === 'pods') return [use('access-pods', origins)];
  return [use(spiffe.startsWith(`spiffe://${trustDomain}/`) ? 'access-identity' : 'access-federated', origins)];
}

function targetUses({ transport, ports, http, origins }: GrantTarget): readonly Use[] {
  return [
    ...(transport === 'udp' ? [use('access-udp', origins)] : []),
    ...(ports === 'any' ? [] : [use('access-port', origins)]),
    ...(http === 'any' ? [] : [use('access-http', [...origins, ...http.origins]), ...matchUses(http)]),
  ];
}

function matchUses({ methods, path, headers, origins }: HttpMatch): readonly Use[] {
  return [
    ...(methods === 'any' ? [] : [use('match-method', saying(/\.methods?\b/, origins))]),
    ...(path !== 'any' && path.kind === 'regex' ? [use('match-path-regex', saying(/\.path(Regex)?\b/, origins))] : []),
    ...(headers === 'any' ? [] : [use('match-header-regex', saying(/\.headers\b/, origins))]),
  ];
}

/** The fields of a match that speak of one of its conditions; all where none does by its name. */
function saying(field: RegExp, origins: readonly Origin[]): readonly Origin[] {
  const own = origins.filter(({ path }) => field.test(path));
  return own.length === 0 ? origins : own;
}

function use(feature: Feature, origins: readonly Origin[]): Use {
  return { feature, origins };
}
