import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { grpcAdapter } from '../../../../adapters/grpc/index.ts';
import { normalizePath } from '../../../../src/lib/http-path.ts';
import { compileRe2, octets } from '../../../../src/lib/re2.ts';
import { decide } from '../../../../src/model/decide.ts';
import type { Decision } from '../../../../src/model/decision.ts';
import type { MeshModel, Service, Workload } from '../../../../src/model/types.ts';
import { goldenCases, type HttpTraffic } from '../../../support/mesh/cases.ts';
import { compileCase } from '../../../support/mesh/pipeline.ts';

/** Every golden case: what a gRPC client does with its resources by the gRFCs is what decide() says of the same call. */

interface Route {
  readonly match: {
    readonly path?: string;
    readonly prefix?: string;
    readonly safeRegex?: { readonly regex: string };
    readonly headers?: readonly { readonly name: string; readonly safeRegexMatch: { readonly regex: string } }[];
  };
  readonly route: {
    readonly cluster?: string;
    readonly weightedClusters?: { readonly clusters: readonly { readonly name: string; readonly weight: number }[] };
    readonly maxStreamDuration?: { readonly maxStreamDuration: string };
  };
  readonly typedPerFilterConfig?: Readonly<
    Record<
      string,
      { readonly abort?: { readonly grpcStatus?: number; readonly percentage: { readonly denominator: string } } }
    >
  >;
}

interface Call {
  /** `NAME:PORT` */
  readonly target: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

type Resources = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

function resourcesOf(model: MeshModel, client: Workload): Resources {
  const artifacts = grpcAdapter
    .view(model, client.id, { options: {} })
    .flatMap((unit) => grpcAdapter.emitUnit(model, unit, { options: {} }));
  return new Map(artifacts.map(({ format, name, body }) => [`${format.split('.').at(-1)} ${name}`, body as never]));
}

/** The first route that a client finds for a call (gRFC A27 and A28); nothing where the target does not resolve. */
function routeOf(resources: Resources, call: Call): Route | undefined {
  const listener = resources.get(`Listener ${call.target}`) as
    | { readonly apiListener: { readonly apiListener: { readonly rds: { readonly routeConfigName: string } } } }
    | undefined;
  if (listener === undefined) return undefined;
  const { routeConfigName } = listener.apiListener.apiListener.rds;
  const { virtualHosts } = resources.get(`RouteConfiguration ${routeConfigName}`) as unknown as {
    readonly virtualHosts: readonly { readonly domains: readonly string[]; readonly routes: readonly Route[] }[];
  };
  const host = virtualHosts.find(({ domains }) => domains.includes(call.target));
  return host?.routes.find(({ match }) => matches(match, call));
}

function matches({ path, prefix, safeRegex, headers = [] }: Route['match'], call: Call): boolean {
  if (path !== undefined && call.path !== path) return false;
  if (prefix !== undefined && !call.path.startsWith(prefix)) return false;
  if (safeRegex !== undefined && !matchesWhole(safeRegex.regex, call.path)) return false;
  return headers.every(({ name, safeRegexMatch }) => {
    const value = call.headers[name];
    return value !== undefined && matchesWhole(safeRegexMatch.regex, [value].flat().join(','));
  });
}

function matchesWhole(regex: string, text: string): boolean {
  const compiled = compileRe2(regex);
  if (!compiled.ok) throw new Error(compiled.error);
  return compiled.value.matchesWhole(octets(text));
}

/** The shares by service port, or the status that the client itself gives. */
function outcomeOf(resources: Resources, route: Route | undefined): unknown {
  if (route === undefined) return 'unresolved';
  const abort = Object.values(route.typedPerFilterConfig ?? {})[0]?.abort;
  if (abort?.percentage.denominator === 'HUNDRED') return abort.grpcStatus;
  const { cluster, weightedClusters } = route.route;
  const clusters = weightedClusters?.clusters ?? [{ name: cluster!, weight: 1 }];
  const missing = clusters.find(({ name }) => !resources.has(`Cluster ${name}`));
  if (missing !== undefined) throw new Error(`no cluster ${missing.name}`);
  return shares(clusters.map(({ name, weight }) => [name.replace(/~plain$/, ''), weight]));
}

/** In millionths, by name. */
function shares(weights: readonly (readonly [string, number])[]): Readonly<Record<string, number>> {
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  const found: Record<string, number> = {};
  for (const [name, weight] of weights) found[name] = (found[name] ?? 0) + weight / total;
  return Object.fromEntries(Object.entries(found).map(([name, share]) => [name, Math.round(share * 1e6)]));
}

/**
 * What decide() says, in the same words. A call that every server refuses may also be refused by the client, and so may one
 * that no rule takes where servers refuse all others.
 */
function decided({ outcome, status, targets, rule }: Decision): {
  readonly outcome: unknown;
  readonly shutOut: boolean;
} {
  if (status === 404 && rule !== undefined) return { outcome: 12, shutOut: true };
  if (outcome === 'outside' || status === 404) return { outcome: 'unresolved', shutOut: false };
  if (outcome === 'rejected') return { outcome: status === 503 || status === 500 ? 14 : status, shutOut: false };
  const used = targets.filter(({ weight }) => weight > 0);
  return {
    outcome: shares(used.map(({ service, port, weight }) => [`${service}:${port}`, weight])),
    shutOut: used.every(({ verdict }) => verdict === 'deny'),
  };
}

/** The paths and headers that a case's requests have, as calls may have them. */
function samples(traffic: readonly HttpTraffic[]): readonly Pick<Call, 'path' | 'headers'>[] {
  const found = traffic.flatMap(({ path, headers }) => {
    const normal = normalizePath(path);
    if (!normal.ok) return [];
    const kept = Object.entries(headers).filter(([name]) => name !== 'host' && !name.endsWith('-bin'));
    return [{ path: normal.value.path, headers: Object.fromEntries(kept) }];
  });
  return [...new Map(found.map((sample) => [JSON.stringify(sample), sample])).values()].slice(0, 16);
}

function targets(service: Service, client: Workload): readonly (readonly [string, number])[] {
  // Of its own names the longest; the others are spelled in the same way.
  const names = [
    ...service.hosts.slice(2),
    ...(service.namespace === client.namespace ? [service.name.toLowerCase()] : []),
  ];
  return service.ports
    .filter(({ protocol }) => protocol === 'http')
    .flatMap(({ port }) => names.map((name) => [name, port] as const));
}

/** A name can be the bare name of one Service and a host of another; sidecars go by their order, clients by the listener. */
describe('gRPC clients and decide() agree', () => {
  const cases = goldenCases().filter(({ outputs, skips }) => outputs === 'all' && skips.gRPC === undefined);
  it.each(cases)('$name', (golden) => {
    const { model } = compileCase(golden, 99);
    const http = golden.requests.flatMap(({ traffic }) => (traffic.kind === 'http' ? [traffic] : []));
    const calls = samples([{ kind: 'http', method: 'POST', path: '/', headers: {} }, ...http]);
    for (const client of Object.values(model.workloads)) {
      if (client.transport === 'plain') continue;
      const resources = resourcesOf(model, client);
      for (const [host, port] of Object.values(model.services).flatMap((service) => targets(service, client))) {
        for (const { path, headers } of calls) {
          const target = `${host}:${port}`;
          const decision = decide(model, {
            ...{ kind: 'http', from: client.id, to: { host, port } },
            ...{ method: 'POST', path, headers: { ...headers, host: target } },
          });
          const route = routeOf(resources, { target, path, headers });
          const outcome = outcomeOf(resources, route);
          const wanted = decided(decision);
          const place = `${client.id} ${target} ${path}`;
          if (outcome === 7) expect(wanted.shutOut, place).toBe(true);
          else if (!isDeepStrictEqual(outcome, wanted.outcome)) expect(outcome, place).toEqual(wanted.outcome);
        }
      }
    }
  });
});
