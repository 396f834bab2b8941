import { type RequestShape, requestClasses } from '../../analysis/classes.ts';
import { matchesMet, reachOf, type ServicePortRef } from '../../analysis/reach.ts';
import type { HttpRequest, TrafficRequest } from '../../model/decision.ts';
import type { MeshModel, Protocol, Workload } from '../../model/types.ts';
import { type Called, namesOf } from './names.ts';
import { methodsNear, neighbours } from './neighbours.ts';
import { type Random, seededRandom } from './random.ts';

export interface RequestsWanted {
  readonly count: number;
  readonly seed: number;
}

/** A client and a service port, with what its rules tell apart. */
interface Pair {
  readonly client: Workload;
  readonly ref: ServicePortRef;
  readonly protocol: Protocol;
  readonly names: readonly Called[];
  readonly shapes: readonly RequestShape[];
  readonly methods: readonly string[];
}

/** Pairs are made when they are asked for; more than these are drawn from. */
const mostPairs = 2_000;

/**
 * Different requests at the boundaries of what a mesh means: one of every class that rules tell apart, by every client;
 * their neighbours; every form of a name; ports that are not there; then ever more that differ in several parts.
 */
export function* requestsAround(model: MeshModel, { count, seed }: RequestsWanted): Generator<TrafficRequest> {
  const random = seededRandom(seed);
  const pairs = pairsOf(model, random);
  const stages: readonly (readonly [share: number, of: (pair: Pair) => Iterable<TrafficRequest>])[] = [
    [0.35, classes],
    [0.2, called],
    [0.3, near],
  ];
  const asked = new Set<string>();
  const isNew = (request: TrafficRequest): boolean => {
    const before = asked.size;
    asked.add(JSON.stringify(request));
    return asked.size > before;
  };
  for (const [share, of] of stages) {
    const most = asked.size + count * share;
    for (const request of inTurns(pairs.map((pair) => of(pair())))) {
      if (isNew(request)) yield request;
      if (asked.size >= most) break;
    }
  }
  // A mesh of connections alone has no more than so many kinds: names and ports that nobody has are all different.
  for (let tries = 0; asked.size < count && tries < count * 8; tries++) {
    const request = drawn(random.pick(pairs)?.(), random);
    if (request !== undefined && isNew(request)) yield request;
  }
}

/** In an order that the seed decides. */
function pairsOf(model: MeshModel, random: Random): readonly (() => Pair)[] {
  const clients = Object.values(model.workloads).filter(({ transport }) => transport === 'mtls');
  const refs = Object.values(model.services).flatMap(({ id, ports }) =>
    ports.map(({ port, protocol }) => ({ protocol, ref: refOf(id, port, protocol) })),
  );
  const every = clients.length * refs.length;
  const indexes = every <= mostPairs ? [...Array(every).keys()] : drawnIndexes(every, random);
  return indexes.flatMap((index) => {
    const client = clients[index % clients.length];
    const at = refs[Math.floor(index / clients.length)];
    return client === undefined || at === undefined ? [] : [once(() => pairOf(model, client, at.ref, at.protocol))];
  });
}

function drawnIndexes(every: number, random: Random): readonly number[] {
  return [...new Set(Array.from({ length: mostPairs }, () => random.below(every)))];
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function refOf(service: ServicePortRef['service'], port: number, protocol: Protocol): ServicePortRef {
  return { service, port, ...(protocol === 'udp' ? { udp: true } : {}) };
}

function pairOf(model: MeshModel, client: Workload, ref: ServicePortRef, protocol: Protocol): Pair {
  const service = model.services[ref.service];
  const reach = reachOf(model, ref);
  const named = reach === undefined ? [] : matchesMet(reach, client).map(({ match }) => match.methods);
  return {
    ...{ client, ref, protocol },
    names: service === undefined ? [] : namesOf(model, service, client, ref.port),
    shapes: requestClasses([{ model, client }], ref).shapes,
    methods: methodsNear([...new Set(named.flatMap((methods) => (methods === 'any' ? [] : methods)))]),
  };
}

function* classes(pair: Pair): Generator<TrafficRequest> {
  for (const shape of pair.shapes) yield requestOf(pair, shape, pair.names[0]);
}

function* called(pair: Pair): Generator<TrafficRequest> {
  const other: RequestShape = pair.protocol === 'http' ? { kind: 'tcp' } : plainest;
  const [first = other] = pair.shapes;
  for (const name of pair.names) {
    yield requestOf(pair, first, name);
    if (pair.protocol !== 'udp') yield requestOf(pair, other, name);
    for (const port of [pair.ref.port + 1, 1]) yield { ...requestOf(pair, first, name), to: { host: name.host, port } };
  }
  for (const shape of pair.shapes.slice(1)) for (const name of pair.names) yield requestOf(pair, shape, name);
}

const plainest: RequestShape = { kind: 'http', method: 'GET', path: '/', headers: {} };

function* near(pair: Pair): Generator<TrafficRequest> {
  for (const shape of pair.shapes) {
    if (shape.kind !== 'http') continue;
    for (const one of neighbours(shape, pair.methods)) yield requestOf(pair, { ...shape, ...one }, pair.names[0]);
  }
}

/** One that differs from a class in up to three parts, by any name; of connections one to a port or name of nobody. */
function drawn(pair: Pair | undefined, random: Random): TrafficRequest | undefined {
  if (pair === undefined) return undefined;
  const shape = random.pick(pair.shapes);
  const name = random.pick(pair.names);
  if (shape === undefined || name === undefined) return undefined;
  if (shape.kind !== 'http') {
    const port = random.below(2) === 0 ? pair.ref.port : 1 + random.below(65_535);
    const host = port === pair.ref.port ? `x${random.below(100_000)}.${name.host}` : name.host;
    return { ...shape, from: pair.client.id, to: { host, port } };
  }
  let one: Shape = shape;
  for (let left = 1 + random.below(3); left > 0; left--) one = random.pick([...neighbours(one, pair.methods)]) ?? one;
  if (random.below(4) === 0)
    one = { ...one, path: `${one.path.split('?')[0]?.replace(/\/$/, '')}/${random.below(1_000)}` };
  const kept = random.below(3) === 0 ? name : pair.names[0];
  return requestOf(pair, { ...shape, ...one }, kept);
}

type Shape = Omit<HttpRequest, 'from' | 'to' | 'kind'>;

/** A shape that says which authority it has keeps it. */
function requestOf(
  { client, ref }: Pair,
  shape: RequestShape | (Shape & { kind: 'http' }),
  name: Called | undefined,
): TrafficRequest {
  const { host, authority } = name ?? { host: ref.service };
  const whole = { ...shape, from: client.id, to: { host, port: ref.port } };
  if (whole.kind !== 'http' || authority === undefined || whole.headers.host !== undefined) return whole;
  return { ...whole, headers: { ...whole.headers, host: authority } };
}

/** The first of each, then the second of each ... */
function* inTurns<T>(all: readonly Iterable<T>[]): Generator<T> {
  let open = all.map((one) => one[Symbol.iterator]());
  while (open.length > 0) {
    const left: Iterator<T>[] = [];
    for (const one of open) {
      const { done, value } = one.next();
      if (done === true) continue;
      left.push(one);
      yield value;
    }
    open = left;
  }
}
