import {
  type Artifact,
  type EmitContext,
  type HttpMatch,
  type InboundPolicy,
  type Origin,
  originsWithin,
} from '../../../src/adapter/index.ts';
import { compareText } from '../../../src/lib/collections.ts';
import type { Authentication, JwtProvider } from '../../../src/model/policy.ts';
import type { IstioOptions } from '../options.ts';
import { type Fields, istioObject } from './object.ts';
import { type Operation, operationsOf } from './operations.ts';
import { portsWith, type SetPlaces, selectorField } from './places.ts';
import { lastingLabels } from './selectors.ts';

type Context = EmitContext<IstioOptions>;

/** All callers of the namespace's workloads prove who they are. */
export function strictTls(namespace: string, origins: readonly Origin[]): Artifact {
  return istioObject('PeerAuthentication', { namespace, name: 'smi-mesh' }, { mtls: { mode: 'STRICT' } }, origins);
}

/** Ports of a set's workloads where plain callers are taken too, or nobody else. */
export function portTls(places: SetPlaces, context: Context): readonly Artifact[] {
  const { namespace, workloads } = places;
  const modes = { permissive: 'PERMISSIVE', off: 'DISABLE' } as const;
  const selectors = places.selectors.map((selected) => ({
    ...selected,
    ports: (['permissive', 'off'] as const).flatMap((tls) =>
      portsWith(selected, tls).map((port) => [port, { mode: modes[tls] }] as const),
    ),
  }));
  for (const workload of workloads) {
    const own = selectors.filter((selected) => selected.workloads.includes(workload));
    const said = new Set(own.flatMap(({ ports }) => ports.map(([port]) => port)));
    for (const { port, tls, origins = [] } of workload.ports) {
      if (tls === undefined || said.has(port)) continue;
      context.report?.({
        feature: `tls-${tls}`,
        kind: 'narrowed',
        text: `port ${port} of ${workload.id} takes no plain callers: no labels tell it from pods that take none there`,
        origins: [...workload.origins, ...origins],
      });
    }
  }
  return selectors
    .filter(({ ports }) => ports.length > 0)
    .map(({ name, selector, workloads: selected, ports }) =>
      istioObject(
        'PeerAuthentication',
        { namespace, name: `ports.${name}` },
        { ...selectorField(selector), mtls: { mode: 'STRICT' }, portLevelMtls: Object.fromEntries(ports) },
        originsWithin(selected.filter((workload) => workload.ports.some(({ tls }) => tls !== undefined))),
      ),
    );
}

/** What tokens of end users have to be, and which requests must carry one. */
export function userTokens(policy: InboundPolicy, places: SetPlaces, context: Context): readonly Artifact[] {
  const layers = (policy.policies ?? []).flatMap(({ fields, ...layer }) =>
    fields.authentication === undefined ? [] : [{ ...layer, authentication: fields.authentication }],
  );
  if (layers.length === 0) return [];
  const providers = layers.flatMap(({ authentication, origins }) =>
    authentication.jwt.flatMap((provider) => {
      if (!('file' in provider.jwks)) return [jwtRule(provider)];
      context.report?.({
        feature: 'end-user-authentication',
        kind: 'narrowed',
        text: `tokens of ${provider.issuer} are taken by nobody: Istio reads no keys from the file ${provider.jwks.file}`,
        origins,
      });
      return [];
    }),
  );
  const jwtRules = [...new Map(providers.map((rule) => [JSON.stringify(rule), rule])).values()];
  const origins = layers.flatMap((layer) => layer.origins);
  const rules = layers.flatMap((layer) => refusalRules(layer, othersAudiences(layer, layers), places, context));
  return [
    ...(jwtRules.length === 0 ? [] : tokenRules(jwtRules, places, origins)),
    ...(rules.length === 0 ? [] : refusals(rules, places, origins)),
  ];
}

function tokenRules(
  jwtRules: readonly Fields[],
  { namespace, selectors }: SetPlaces,
  origins: Artifact['origins'],
): readonly Artifact[] {
  return selectors.map(({ name, selector }) =>
    istioObject(
      'RequestAuthentication',
      { namespace, name: `tokens.${name}` },
      { ...selectorField(selector), jwtRules },
      origins,
    ),
  );
}

/** Where no labels tell workloads apart, others are refused with them. */
function refusals(
  rules: readonly Fields[],
  { namespace, selectors, unreached }: SetPlaces,
  origins: Artifact['origins'],
): readonly Artifact[] {
  const spec = { action: 'DENY', rules };
  return [
    ...selectors.map(({ name, selector }) =>
      istioObject(
        'AuthorizationPolicy',
        { namespace, name: `tokens.${name}` },
        { ...selectorField(selector), ...spec },
        origins,
      ),
    ),
    ...unreached.map((workload) => {
      const labels = lastingLabels(workload);
      const chosen = Object.keys(labels).length === 0 ? {} : selectorField(labels);
      return istioObject(
        'AuthorizationPolicy',
        { namespace, name: `tokens.pod.${workload.name}` },
        { ...chosen, ...spec },
        origins,
      );
    }),
  ];
}

interface RequiredTokens {
  readonly ports: readonly number[];
  readonly matches: 'any' | readonly HttpMatch[];
  readonly authentication: Authentication;
  readonly origins: Artifact['origins'];
}

/** Issuers whose tokens are taken elsewhere for other audiences than here: Istio verifies them for all of a workload at once. */
function othersAudiences({ authentication }: RequiredTokens, layers: readonly RequiredTokens[]): readonly Audiences[] {
  const here = audiencesOf(authentication.jwt);
  return [...here].flatMap(([issuer, audiences]) => {
    const all = layers.map((layer) => audiencesOf(layer.authentication.jwt).get(issuer));
    const others = all.some(
      (taken) => taken !== undefined && (taken === 'any' || taken.some((one) => !audiences.includes(one))),
    );
    return audiences === 'any' || !others ? [] : [{ issuer, audiences }];
  });
}

interface Audiences {
  readonly issuer: string;
  readonly audiences: readonly string[];
}

/** By issuer. */
function audiencesOf(providers: readonly JwtProvider[]): ReadonlyMap<string, readonly string[] | 'any'> {
  const found = Map.groupBy(providers, ({ issuer }) => issuer);
  return new Map(
    [...found].map(([issuer, own]) => [
      issuer,
      own.some(({ audiences }) => audiences.length === 0)
        ? 'any'
        : [...new Set(own.flatMap(({ audiences }) => audiences))].sort(compareText),
    ]),
  );
}

/** Requests without a good token of one of the issuers. Of a match that cannot be said, more are refused. */
function refusalRules(
  { ports, matches, authentication, origins }: RequiredTokens,
  limited: readonly Audiences[],
  { workloads }: SetPlaces,
  context: Context,
): readonly Fields[] {
  const spoken = ports.filter((port) =>
    workloads.some((workload) => workload.ports.some((one) => one.port === port && one.protocol === 'http')),
  );
  if (spoken.length === 0) return [];
  const numbers = spoken.map(String);
  const issuers = [...new Set(authentication.jwt.map(({ issuer }) => `${issuer}/*`))].sort(compareText);
  const refused: readonly { readonly from: readonly Fields[]; readonly when: readonly Fields[] }[] = [
    ...(authentication.required ? [{ from: [{ source: { notRequestPrincipals: issuers } }], when: [] }] : []),
    ...limited.map(({ issuer, audiences }) => ({
      from: [{ source: { requestPrincipals: [`${issuer}/*`] } }],
      when: [{ key: 'request.auth.audiences', notValues: audiences }],
    })),
  ];
  if (refused.length === 0) return [];
  const all: Operation = { operation: { ports: numbers }, when: [] };
  // A policy is about requests as clients write them, before tokens put claims into their headers.
  const claims = new Map<string, string>();
  const operations = (matches === 'any' ? [undefined] : matches).flatMap((match): readonly Operation[] => {
    if (match === undefined) return [all];
    const found = operationsOf(match, numbers, claims);
    if (found.exact) return found.operations;
    context.report?.({
      feature: 'end-user-authentication',
      kind: 'narrowed',
      text: 'all requests of the port need a token: Istio has no expressions in policies',
      origins: [...origins, ...match.origins],
    });
    return [all];
  });
  return refused.flatMap(({ from, when: also }) =>
    operations.map(({ operation, when }) => ({
      from,
      to: [{ operation }],
      ...(when.length + also.length === 0 ? {} : { when: [...when, ...also] }),
    })),
  );
}

function jwtRule({ issuer, audiences, jwks, claimHeaders, fromHeader, forward }: JwtProvider): Fields {
  const claims = Object.entries(claimHeaders).map(([claim, header]) => ({ header, claim }));
  return {
    issuer,
    ...(audiences.length === 0 ? {} : { audiences }),
    ...('url' in jwks ? { jwksUri: jwks.url } : {}),
    ...('inline' in jwks ? { jwks: jwks.inline } : {}),
    ...(fromHeader === undefined ? {} : { fromHeaders: [{ name: fromHeader }] }),
    ...(forward ? { forwardOriginalToken: true } : {}),
    ...(claims.length === 0 ? {} : { outputClaimToHeaders: claims }),
  };
}
