import { canonicalJson } from '../model/canonical.ts';
import type { HttpMatch, MeshModel, PathMatch, Workload } from '../model/types.ts';
import { authorities, headerValues, normalPaths, quote } from './domains.ts';
import { defaultPartitionLimits, type Partition, type PartitionLimits, partition } from './partition.ts';
import { matchesMet, reachOf, type ServicePortRef } from './reach.ts';
import { type Conjunction, divide, type Space } from './space.ts';

/** A request without its parties, which stands for all requests that no rule tells from it. */
export type RequestShape =
  | { readonly kind: 'tcp' | 'udp' }
  | {
      readonly kind: 'http';
      readonly method: string;
      readonly path: string;
      /** `host` only where the authority matters. */
      readonly headers: Readonly<Record<string, string>>;
    };

export interface RequestClasses {
  /** One shape of each class; the plainest first. */
  readonly shapes: readonly RequestShape[];
  /** False when a limit was reached: there may be classes beyond these. */
  readonly exhaustive: boolean;
}

/** A client in a model. */
export interface ClientView {
  readonly model: MeshModel;
  readonly client: Workload;
}

export interface ClassLimits extends PartitionLimits {
  /** Parts that the space of requests is cut into before the search gives up. */
  readonly parts: number;
}

export const defaultClassLimits: ClassLimits = { ...defaultPartitionLimits, parts: 4_096 };

/**
 * The classes of requests from a client to a service port which no rule of any of the models tells apart: for every
 * combination of matches that holds for some request, one such request.
 */
export function requestClasses(
  views: readonly ClientView[],
  ref: ServicePortRef,
  limits: ClassLimits = defaultClassLimits,
): RequestClasses {
  const reaches = views.map(({ model }) => reachOf(model, ref));
  const protocols = new Set(reaches.flatMap((reach) => reach?.protocol ?? []));
  const connection: readonly RequestShape[] = (['tcp', 'udp'] as const).flatMap((kind) =>
    protocols.has(kind) ? [{ kind }] : [],
  );
  if (!protocols.has('http')) return { shapes: connection, exhaustive: true };
  const met = views.flatMap(({ client }, index) => {
    const reach = reaches[index];
    if (reach === undefined) return [];
    return matchesMet(reach, client).map(({ group, ...rest }) => ({ ...rest, group: `${index} ${group}` }));
  });
  const distinct = [...Map.groupBy(met, ({ match }) => canonicalJson(match)).values()].flatMap((same) => {
    const [first] = same;
    return first === undefined ? [] : [{ match: first.match, counts: same }];
  });
  const http = httpShapes(distinct, authorityLanguages(views, ref), limits);
  return { shapes: [...connection, ...http.shapes], exhaustive: http.exhaustive };
}

interface Authorities {
  readonly domain: string;
  /** What each model accepts, where they differ. */
  readonly accepted: readonly string[];
}

function authorityLanguages(views: readonly ClientView[], ref: ServicePortRef): Authorities {
  const names = new Set<string>();
  const ports = new Set([ref.port]);
  const accepted = new Set<string>();
  for (const { model, client } of views) {
    const service = model.services[ref.service];
    if (service === undefined) continue;
    const own = new Set([...service.hosts, ...service.vips]);
    if (service.namespace === client.namespace) own.add(service.name.toLowerCase());
    const ownPorts = new Set([ref.port]);
    for (const binding of client.outbound === 'intercepted' ? [] : client.outbound) {
      if (binding.service !== ref.service || binding.port !== ref.port || binding.udp !== ref.udp) continue;
      own.add(binding.listen.address);
      ownPorts.add(binding.listen.port);
    }
    for (const name of own) names.add(name);
    for (const port of ownPorts) ports.add(port);
    accepted.add(authorities([...own], [...ownPorts]));
  }
  return { domain: authorities([...names], [...ports]), accepted: accepted.size > 1 ? [...accepted] : [] };
}

/** One part of a request, as the sets of values that matches tell apart. */
interface Dimension {
  /** A value of each cell; `undefined` stands for a header that is absent. */
  readonly values: readonly (string | undefined)[];
  /** The cells in which an expression (a method, for methods) holds. */
  readonly cellsOf: (expression: string) => ReadonlySet<number>;
  readonly exhaustive: boolean;
}

interface Condition extends Pick<Conjunction, 'counts'> {
  readonly match: HttpMatch;
}

function httpShapes(distinct: readonly Condition[], authority: Authorities, limits: ClassLimits): RequestClasses {
  const matches = distinct.map(({ match }) => match);
  const conditions = matches.flatMap(({ headers }) => (headers === 'any' ? [] : headers));
  const names = [...new Set(conditions.map(({ name }) => name))].filter((name) => name !== ':authority');
  const expressionsOf = (wanted: string) => conditions.flatMap(({ name, re2 }) => (name === wanted ? [re2] : []));
  const paths = matches.flatMap(({ path }) => (path === 'any' ? [] : pathExpression(path)));
  const hosts = [...authority.accepted, ...expressionsOf(':authority')];
  const dimensions = new Map<string, Dimension>([
    ['method', methodDimension(matches)],
    ['path', textDimension(normalPaths, paths, limits)],
    [':authority', hosts.length === 0 ? anyValue : textDimension(authority.domain, hosts, limits)],
    ...names.map((name): [string, Dimension] => [name, headerDimension(expressionsOf(name), limits)]),
  ]);
  const keys = [...dimensions.keys()];
  const space: Space = { sizes: [...dimensions.values()].map(({ values }) => values.length) };
  const conjunctions: readonly Conjunction[] = [
    ...distinct.map(({ match, counts }) => ({ asks: keys.map((key) => cellsOf(match, key, dimensions)), counts })),
    ...authority.accepted.map((accepted) => ({
      asks: keys.map((key) => (key === ':authority' ? dimensions.get(key)?.cellsOf(accepted) : undefined)),
      counts: [{ group: accepted, order: 0 }],
    })),
  ];
  const { points, exhaustive } = divide(space, conjunctions, limits.parts);
  const shapes = points.map((point) => shapeOf(point, dimensions));
  return { shapes, exhaustive: exhaustive && [...dimensions.values()].every((dimension) => dimension.exhaustive) };
}

/** The cells of a dimension that a match asks for; nothing when it does not ask. */
function cellsOf(
  match: HttpMatch,
  key: string,
  dimensions: ReadonlyMap<string, Dimension>,
): ReadonlySet<number> | undefined {
  const dimension = dimensions.get(key);
  if (dimension === undefined) return undefined;
  if (key === 'method') {
    return match.methods === 'any' ? undefined : new Set(match.methods.flatMap((name) => [...dimension.cellsOf(name)]));
  }
  if (key === 'path') return match.path === 'any' ? undefined : dimension.cellsOf(pathExpression(match.path));
  const asked = match.headers === 'any' ? [] : match.headers.filter(({ name }) => name === key);
  if (asked.length === 0) return undefined;
  const [first = new Set<number>(), ...rest] = asked.map(({ re2 }) => dimension.cellsOf(re2));
  return new Set([...first].filter((cell) => rest.every((one) => one.has(cell))));
}

function pathExpression(path: PathMatch): string {
  if (path.kind === 'exact') return quote(path.value);
  return path.kind === 'prefix' ? `${quote(path.value)}(?s:.*)` : path.re2;
}

/** Of a part that no rule asks for; the authority is then the host that the request goes to. */
const anyValue: Dimension = { values: [undefined], cellsOf: () => new Set(), exhaustive: true };

const commonMethods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT'];

/** Every method that a match names, and one that none names. */
function methodDimension(matches: readonly HttpMatch[]): Dimension {
  const named = new Set(matches.flatMap(({ methods }) => (methods === 'any' ? [] : methods)));
  const other = [...commonMethods, ...['OTHER', 'ANOTHER']].find((method) => !named.has(method)) ?? 'UNNAMED';
  const rank = (method: string) =>
    (commonMethods.indexOf(method) + commonMethods.length + 1) % (commonMethods.length + 1);
  const values = [...named, other].sort((a, b) => rank(a) - rank(b));
  return { values, cellsOf: (method) => new Set([values.indexOf(method)]), exhaustive: true };
}

function textDimension(domain: string, expressions: readonly string[], limits: ClassLimits): Dimension {
  const distinct = [...new Set(expressions)];
  const { cells, exhaustive } = divided(domain, distinct, limits);
  return {
    values: cells.map(({ witness }) => witness),
    cellsOf: (expression) => {
      const column = distinct.indexOf(expression);
      return new Set(cells.flatMap(({ matches }, cell) => (matches[column] ? [cell] : [])));
    },
    exhaustive,
  };
}

/** As texts, and a first cell for the header's absence, which nothing matches. */
function headerDimension(expressions: readonly string[], limits: ClassLimits): Dimension {
  const present = textDimension(headerValues, expressions, limits);
  return {
    ...present,
    values: [undefined, ...present.values],
    cellsOf: (expression) => new Set([...present.cellsOf(expression)].map((cell) => cell + 1)),
  };
}

const partitions = new Map<string, Partition>();
const partitionsKept = 1_024;

/** Many service ports and clients meet the same expressions. */
function divided(domain: string, expressions: readonly string[], limits: ClassLimits): Partition {
  const key = JSON.stringify([limits.states, limits.steps, domain, ...expressions]);
  const found = partitions.get(key) ?? partition(domain, expressions, limits);
  if (partitions.size >= partitionsKept) partitions.clear();
  partitions.set(key, found);
  return found;
}

function shapeOf(point: readonly number[], dimensions: ReadonlyMap<string, Dimension>): RequestShape {
  const values = new Map([...dimensions].map(([key, { values: known }], index) => [key, known[point[index] ?? 0]]));
  const headers = [...values].flatMap(([key, value]): [string, string][] => {
    if (value === undefined || key === 'method' || key === 'path') return [];
    return [[key === ':authority' ? 'host' : key, value]];
  });
  return {
    kind: 'http',
    method: values.get('method') ?? 'GET',
    path: values.get('path') ?? '/',
    headers: Object.fromEntries(headers),
  };
}
