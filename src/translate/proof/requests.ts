import { type RequestShape, requestClasses } from '../../analysis/classes.ts';
import { clientSignatures, matchesMet, reachOf, type ServicePortRef } from '../../analysis/reach.ts';
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

/** Of so many ports the classes are asked across, by so many clients of each. */
const [mostPorts, mostAskers] = [64, 32];

interface Port {
  readonly ref: ServicePortRef;
  readonly protocol: Protocol;
}

/**
 * Different requests at the boundaries of what a mesh means: one of every class that rules tell apart, by every client, and
 * by those for whom they make no such difference; every form of a name; ports that are not there; their neighbours; then
 * ever more that differ in several parts.
 */
export function* requestsAround(model: MeshModel, { count, seed }: RequestsWanted): Generator<TrafficRequest> {
  const random = seededRandom(seed);
  const clients = Object.values(model.workloads).filter(({ transport }) => transport === 'mtls');
  const ports = Object.values(model.services).flatMap((service) =>
    service.ports.map(({ port, protocol }) => ({ protocol, ref: refOf(service.id, port, protocol) })),
  );
  const pairAt = pairsOf(model);
  const pairs = indexesBelow(clients.length * ports.length, mostPairs, random).flatMap((index) => {
    const client = clients[index % clients.length];
    const port = ports[Math.floor(index / clients.length)];
    return client === undefined || port === undefined ? [] : [() => pairAt(client, port)];
  });
  const crossed = indexesBelow(ports.length, mostPorts, random).flatMap((index) => ports[index] ?? []);
  const askersAt = (port: Port) => askersOf(model, clients, port.ref, random).map((client) => pairAt(client, port));
  const ofPairs = (of: (pair: Pair) => Iterable<TrafficRequest>) => () => pairs.map((pair) => of(pair()));
  const stages: readonly (readonly [share: number, all: () => readonly Iterable<TrafficRequest>[]])[] = [
    [0.3, ofPairs(classes)],
    [0.2, () => crossed.map((port) => across(() => askersAt(port)))],
    [0.15, ofPairs(called)],
    [0.25, ofPairs(near)],
  ];
  const asked = new Set<string>();
  const isNew = (request: TrafficRequest): boolean => {
    const before = asked.size;
    asked.add(JSON.stringify(request));
    return asked.size > before;
  };
  for (const [share, all] of stages) {
    const most = asked.size + count * share;
    for (const request of inTurns(all())) {
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

/** All of them; of more than `most` some, in an order that the seed decides. */
function indexesBelow(every: number, most: number, random: Random): readonly number[] {
  if (every <= most) return [...Array(every).keys()];
  return [...new Set(Array.from({ length: most }, () => random.below(every)))];
}

function refOf(service: ServicePortRef['service'], port: number, protocol: Protocol): ServicePortRef {
  return { service, port, ...(protocol === 'udp' ? { udp: true } : {}) };
}

/** Each is made once. */
function pairsOf(model: MeshModel): (client: Workload, port: Port) => Pair {
  const made = new Map<Port, Map<Workload, Pair>>();
  return (client, port) => {
    const ofPort = made.get(port) ?? new Map<Workload, Pair>();
    made.set(port, ofPort);
    const pair = ofPort.get(client) ?? pairOf(model, client, port);
    ofPort.set(client, pair);
    return pair;
  };
}

function pairOf(model: MeshModel, client: Workload, { ref, protocol }: Port): Pair {
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

/**
 * One client of each account, and of the pods of one account each that rules tell from the others; first one of each kind
 * that rules know. Which comes first among those that are alike is drawn.
 */
function askersOf(
  model: MeshModel,
  clients: readonly Workload[],
  ref: ServicePortRef,
  random: Random,
): readonly Workload[] {
  const first = random.below(clients.length);
  const kinds = Map.groupBy([...clients.slice(first), ...clients.slice(0, first)], clientSignatures(model, ref));
  const accounts = [...kinds.values()].map((alike) => new Map(alike.map((one) => [one.identity, one])).values());
  return [...inTurns([...accounts])].slice(0, mostAskers);
}

/** What some client at a port is told apart by is asked by each, by all equally far. */
function* across(askersAt: () => readonly Pair[]): Generator<TrafficRequest> {
  const askers = askersAt();
  const all = askers.flatMap(({ shapes }) => shapes);
  const shapes = [...new Map(all.map((shape) => [JSON.stringify(shape), shape])).values()];
  for (const turn of shapes.keys()) {
    for (const [index, asker] of askers.entries()) {
      const shape = shapes[(turn + index) % shapes.length];
      if (shape !== undefined) yield requestOf(asker, shape, asker.names[0]);
    }
  }
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
