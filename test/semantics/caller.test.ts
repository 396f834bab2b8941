import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decide } from '../../src/model/decide.ts';
import { workloadId } from '../../src/model/ids.ts';
import type { MeshModel, WorkloadId } from '../../src/model/types.ts';
import { envoyBinary } from '../support/envoy.ts';
import { type AddressRange, takeAddressRange } from '../support/mesh/address-range.ts';
import { Caller, localMesh } from '../support/mesh/caller.ts';
import { createCredentials } from '../support/mesh/credentials.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';
import { proxyPlane } from '../support/mesh/plane-proxy.ts';
import { ScriptedPrograms } from '../support/mesh/scripted.ts';
import { group, http, pod, service, split } from '../support/objects.ts';
import { trafficPolicy } from '../support/policies.ts';

const { path: binary } = envoyBinary();
const planes = [proxyPlane, ...(binary === undefined ? [] : [envoyPlane(binary)])];

const plain = { 'smi-mesh.io/sidecar': 'disabled' };
const zone = (name: string) => ({ 'topology.kubernetes.io/region': 'west', 'topology.kubernetes.io/zone': name });

/** Services over two pods, for one policy each. */
const overPods = {
  late: 'timeouts: { request: 400ms }',
  patient: 'timeouts: { request: 20s }',
  tries: 'timeouts: { perTry: 1s }\nretries: { attempts: 1 }',
  again: 'retries: { retryOn: [gatewayError], attempts: 2, backoff: { base: 1ms, max: 5ms } }',
  spent: 'retries: { retryOn: [gatewayError], budget: { percent: 0, minPerSecond: 0 } }',
  never: 'retries: { attempts: 0, retryOn: [gatewayError] }',
  copied: 'mirror: { service: shadow }\nheaders: { request: { set: { x-copy: "100%" } } }',
  delayed: 'faults: { delay: { duration: 300ms, percent: 100 } }',
  aborted: 'faults: { abort: { httpStatus: 418, grpcStatus: 9, percent: 100 } }',
  edited: `headers:
  request: { remove: [x-gone], set: { x-team: books }, add: { x-more: added } }
  response: { remove: [x-program], set: { x-mesh: "yes" } }`,
  sticky: 'loadBalancer: { algorithm: ringHash, hashOn: { header: x-user } }',
  narrow: 'timeouts: { idle: 1m }',
  bounded: 'circuitBreaker: { requests: 1 }\nretries: { attempts: 0 }',
  ejecting: 'outlierDetection: { consecutiveFailures: 2, ejection: { time: 1m } }\nretries: { attempts: 0 }',
  checked: 'healthCheck: { path: "/healthz?fail=500&only=one", interval: 200ms, unhealthyAfter: 1 }',
} as const;

const policies = [
  ...Object.entries(overPods).map(([name, spec]) => trafficPolicy(name, spec)),
  trafficPolicy('narrow-books', narrowed('books', 'headers: { request: { set: { x-books: "1" } } }')),
  trafficPolicy(
    'narrow-writes',
    narrowed('write', 'headers: { request: { add: { x-write: "1" } } }\ndebugRouting: true'),
  ),
  trafficPolicy('near', 'loadBalancer: { locality: { prefer: true } }'),
  trafficPolicy('named', 'debugRouting: true'),
  trafficPolicy('nowhere', 'headers: { response: { set: { x-mesh: "yes" } } }'),
];

function narrowed(match: string, fields: string): string {
  const matches = `matches: [{ kind: HTTPRouteGroup, name: routes, matches: [${match}] }]`;
  return `targetRefs: [{ kind: Service, name: narrow }]\n${matches}\n${fields}`;
}

const input = {
  services: [
    ...['free', 'shadow', ...Object.keys(overPods)].map((name) => service(name, { app: 'plain' })),
    service('named'),
    service('nowhere'),
    service('v1', { app: 'v1' }),
    service('v2', { app: 'v2' }),
    service('near', { app: 'placed' }),
    service('pair', { app: 'meshed' }),
  ],
  pods: [
    pod('client', { ports: [], annotations: zone('west-1') }),
    ...['one', 'two'].map((name) => pod(name, { app: 'plain', annotations: plain })),
    ...['v1', 'v2'].map((name) => pod(name, { app: name, annotations: plain })),
    ...['west-1', 'west-2', 'west-3'].map((name) =>
      pod(name, { app: 'placed', annotations: { ...plain, ...zone(name) } }),
    ),
    ...['alive', 'dead'].map((name) => pod(name, { app: 'meshed' })),
  ],
  splits: [split('named', 'named', { v1: 1, v2: 0 }), split('narrow', 'narrow', { v1: 1 }, { matches: ['shelf'] })],
  routeGroups: [
    group('shelf', { all: { pathRegex: '/[a-z]+/shelf.*' } }),
    group('routes', { books: { pathRegex: '/books.*' }, write: { methods: ['POST'] } }),
  ],
  policies,
};

const client = workloadId('default', 'client');
const grpc = { 'content-type': 'application/grpc', te: 'trailers' };

let range: AddressRange;
beforeAll(async () => {
  range = await takeAddressRange();
});
afterAll(() => range.release());

describe.each(planes)('what policies say of the caller, in $name', (plane) => {
  const programs = new ScriptedPrograms();
  const cleanups: (() => unknown)[] = [];
  let model: MeshModel;
  let caller: Caller;
  let count = 0;

  beforeAll(async () => {
    const credentials = await createCredentials();
    model = localMesh(input, range.base);
    cleanups.push(() => programs.stop());
    await programs.start(model, ['dead']);
    cleanups.push(await plane.start(model, ['client', 'alive', 'dead'].map(id), credentials));
    caller = new Caller(model, client);
    cleanups.push(() => caller.close());
  }, 60_000);
  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  /** A target that no other request has. */
  const unique = (query: string, path = '/') => `${path}?id=${++count}&${query}`;

  describe('deadlines', () => {
    it('end a request, whether it is complete or not', async () => {
      const target = unique('slow=20000');
      const late = await caller.ask('late', `GET ${target}`);
      expect(late.status).toBe(504);
      expect(late.millis).toBeLessThan(10_000);
      expect(programs.requests(target)).toHaveLength(1);
      const unfinished = await caller.ask('late', `POST ${unique('slow=20000')}`, {}, { unfinished: true });
      expect(unfinished.status).toBe(504);
    });

    it('are told to the next hop', async () => {
      const target = unique('');
      expect(await caller.ask('patient', `GET ${target}`)).toMatchObject({ status: 200 });
      const told = Number(programs.requests(target)[0]?.headers['x-smi-deadline-ms']);
      expect(told).toBeGreaterThan(0);
      expect(told).toBeLessThanOrEqual(20_000);
    });

    it('may be shortened by the caller, and never lengthened', async () => {
      const slow = () => `GET ${unique('slow=20000')}`;
      expect(await caller.ask('free', slow(), { 'x-smi-deadline-ms': '300' })).toMatchObject({ status: 504 });
      const lengthened = await caller.ask('late', slow(), { 'x-smi-deadline-ms': '20000' });
      expect(lengthened.status).toBe(504);
      expect(lengthened.millis).toBeLessThan(10_000);
      const over = unique('');
      expect(await caller.ask('free', `GET ${over}`, { 'x-smi-deadline-ms': '0' })).toMatchObject({ status: 504 });
      expect(programs.requests(over)).toEqual([]);
    });

    it('of gRPC are its own, and are answered in its own way', async () => {
      const answer = await caller.ask('free', `POST ${unique('slow=20000')}`, { ...grpc, 'grpc-timeout': '300m' });
      expect(answer.status).toBe(200);
      expect(answer.headers['grpc-status']).toBe('4');
    });
  });

  describe('retries', () => {
    it('of what harmlessly was not done happen without a policy', async () => {
      const target = unique('fail=reset&times=1');
      expect(await caller.ask('free', `GET ${target}`)).toMatchObject({ status: 200 });
      expect(programs.requests(target)).toHaveLength(2);
      const twice = unique('fail=reset&times=1');
      expect((await caller.ask('free', `POST ${twice}`)).status).toBeGreaterThanOrEqual(502);
      expect(programs.requests(twice)).toHaveLength(1);
      expect(await caller.ask('free', `GET ${unique('fail=503')}`)).toMatchObject({ status: 503 });
    });

    it('of any method follow where the program of a server took no connection', async () => {
      for (let time = 0; time < 8; time++) {
        expect(await caller.ask('pair', `POST ${unique('')}`)).toMatchObject({ status: 200, program: 'alive' });
      }
    });

    it('come as often as the policy says, after what it names', async () => {
      const target = unique('fail=503&times=2');
      expect(await caller.ask('again', `GET ${target}`)).toMatchObject({ status: 200 });
      const tries = programs.requests(target).map(({ workload }) => workload);
      expect(tries).toHaveLength(3);
      expect(tries[0]).not.toBe(tries[1]);
      const always = unique('fail=503');
      expect(await caller.ask('again', `GET ${always}`)).toMatchObject({ status: 503 });
      expect(programs.requests(always)).toHaveLength(3);
      const posted = unique('fail=503');
      expect(await caller.ask('again', `POST ${posted}`)).toMatchObject({ status: 503 });
      expect(programs.requests(posted)).toHaveLength(1);
      const other = unique('fail=500');
      expect(await caller.ask('again', `GET ${other}`)).toMatchObject({ status: 500 });
      expect(programs.requests(other)).toHaveLength(1);
    });

    it.each(['never', 'spent'])('can be switched off, and need a budget: %s', async (service) => {
      const target = unique('fail=503&times=1');
      expect(await caller.ask(service, `GET ${target}`)).toMatchObject({ status: 503 });
      expect(programs.requests(target)).toHaveLength(1);
    });

    it('follow a try that takes too long', async () => {
      const target = unique('slow=20000&times=1');
      expect(await caller.ask('tries', `GET ${target}`)).toMatchObject({ status: 200 });
      expect(programs.requests(target)).toHaveLength(2);
    });

    it('do not follow a try whose answer has begun', async () => {
      const target = unique('drip=1500');
      expect(await caller.ask('tries', `GET ${target}`)).toMatchObject({ status: 200, complete: true });
      expect(programs.requests(target)).toHaveLength(1);
    });
  });

  it('a mirror gets a copy, edited as the request is, under the same authority', async () => {
    const target = unique('');
    expect(await caller.ask('copied', `GET ${target}`)).toMatchObject({ status: 200 });
    await expect.poll(() => programs.requests(target).length, { timeout: 10_000 }).toBe(2);
    for (const { headers } of programs.requests(target))
      expect(headers).toMatchObject({ host: 'copied', 'x-copy': '100%' });
  });

  it('faults delay and abort, also calls of gRPC', async () => {
    const delayed = await caller.ask('delayed', `GET ${unique('')}`);
    expect(delayed.status).toBe(200);
    expect(delayed.millis).toBeGreaterThan(250);
    const target = unique('');
    expect(await caller.ask('aborted', `GET ${target}`)).toMatchObject({ status: 418 });
    const call = await caller.ask('aborted', `POST ${target}`, grpc);
    expect(call).toMatchObject({ status: 200, headers: { 'grpc-status': '9' } });
    expect(programs.requests(target)).toEqual([]);
  });

  it('headers are edited in both directions', async () => {
    const target = unique('');
    const sent = { 'x-gone': '1', 'x-team': 'mine', 'x-more': 'own' };
    const answer = await caller.ask('edited', `GET ${target}`, sent);
    const { headers = {} } = programs.requests(target)[0] ?? {};
    expect(headers).toMatchObject({ 'x-team': 'books', 'x-more': 'own, added' });
    expect(headers).not.toHaveProperty('x-gone');
    expect(answer.headers).toMatchObject({ 'x-mesh': 'yes' });
    expect(answer.program).toBeUndefined();
    // Envoy edits what it says in the place of a server, too.
    const instead = await caller.ask('nowhere', `GET ${target}`);
    expect([instead.status, instead.headers['x-mesh']]).toEqual([503, plane === proxyPlane ? undefined : 'yes']);
  });

  it('a request may name its backend where that is allowed, and the name goes no further', async () => {
    const target = unique('');
    const named = (backend: string) => caller.ask('named', `GET ${target}`, { 'x-smi-backend': backend });
    expect(await caller.ask('named', `GET ${target}`)).toMatchObject({ program: 'v1' });
    expect(await named('v2')).toMatchObject({ status: 200, program: 'v2' });
    expect(await named('default/v2')).toMatchObject({ program: 'v2' });
    expect(await named('v3')).toMatchObject({ status: 404 });
    expect(await caller.ask('free', `GET ${target}`, { 'x-smi-backend': 'v3' })).toMatchObject({ status: 200 });
    for (const { headers } of programs.requests(target)) expect(headers).not.toHaveProperty('x-smi-backend');
  });

  it('policies with matches cover what they match, each for itself, whatever split takes the request', async () => {
    const marks = async (line: string) => {
      await caller.ask('narrow', line);
      const { headers = {}, workload } = programs.requests(line.split(' ')[1] ?? '').at(-1) ?? {};
      const { policies: asked } = decide(model, http('client', 'narrow', line));
      const said = [...new Set((asked ?? []).map(({ policy }) => policy))].filter((name) => name.includes('-')).sort();
      return { books: headers['x-books'], write: headers['x-write'], v1: workload === id('v1'), said };
    };
    const [books, write] = ['default/narrow-books', 'default/narrow-writes'];
    expect(await marks(`GET ${unique('', '/books')}`)).toEqual({ books: '1', v1: false, said: [books] });
    expect(await marks(`POST ${unique('', '/books')}`)).toEqual({
      books: '1',
      write: '1',
      v1: false,
      said: [books, write],
    });
    expect(await marks(`POST ${unique('', '/other')}`)).toEqual({ write: '1', v1: false, said: [write] });
    expect(await marks(`GET ${unique('', '/other')}`)).toEqual({ v1: false, said: [] });
    expect(await marks(`GET ${unique('', '/books/shelf')}`)).toEqual({ books: '1', v1: true, said: [books] });
    expect(await marks(`GET ${unique('', '/other/shelf')}`)).toEqual({ v1: true, said: [] });
    // The path ends where the query begins.
    expect(await marks(`GET ${unique('/books/shelf', '/other')}`)).toEqual({ v1: false, said: [] });
  });

  it('hashing takes what has one key to one endpoint, and other keys elsewhere', async () => {
    const served = new Map<string, Set<string | undefined>>();
    for (let time = 0; time < 90; time++) {
      const user = `user-${time % 30}`;
      const { program } = await caller.ask('sticky', `GET ${unique('')}`, { 'x-user': user });
      served.set(user, (served.get(user) ?? new Set()).add(program));
    }
    expect([...served.values()].map((names) => names.size)).toEqual(Array.from({ length: 30 }, () => 1));
    expect(new Set([...served.values()].flatMap((names) => [...names])).size).toBe(2);
  });

  it('what is near is preferred', async () => {
    for (let time = 0; time < 12; time++) {
      expect(await caller.ask('near', `GET ${unique('')}`)).toMatchObject({ status: 200, program: 'west-1' });
    }
  });

  it('bounds refuse at once, and say so', async () => {
    const target = unique('slow=25000');
    const held = caller.ask('bounded', `GET ${target}`);
    await expect.poll(() => programs.requests(target).length, { timeout: 10_000 }).toBe(1);
    const refused = await caller.ask('bounded', `GET ${unique('')}`);
    expect(refused).toMatchObject({ status: 503, headers: { 'x-smi-overloaded': 'true' } });
    caller.close();
    expect(await held).toMatchObject({ status: 0 });
  });

  it('who fails in a row is ejected', async () => {
    for (let time = 0; time < 20; time++) await caller.ask('ejecting', `GET ${unique('fail=503&only=one')}`);
    for (let time = 0; time < 10; time++) {
      expect(await caller.ask('ejecting', `GET ${unique('fail=503&only=one')}`)).toMatchObject({ status: 200 });
    }
  });

  it('who fails its health checks gets no requests', async () => {
    const programsOf = async () => {
      const answers = await Promise.all(Array.from({ length: 10 }, () => caller.ask('checked', `GET ${unique('')}`)));
      return new Set(answers.map(({ program }) => program));
    };
    await expect.poll(programsOf, { timeout: 20_000 }).toEqual(new Set(['two']));
  });

  it('trailers of HTTP/1.1 arrive, but with Envoy', async () => {
    const sent = plane.name === 'our proxy' ? { 'x-checksum': 'abc' } : {};
    const { trailers } = await caller.ask('free', `GET ${unique('trailers')}`, { te: 'trailers' });
    expect(trailers).toEqual(sent);
    const meshed = await caller.ask('pair', `GET ${unique('trailers')}`, { te: 'trailers' });
    expect(meshed.trailers).toEqual(sent);
  });
});

function id(name: string): WorkloadId {
  return workloadId('default', name);
}
