import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TrafficChange } from '../../../src/analysis/changes.ts';
import { pairClients } from '../../../src/analysis/clients.ts';
import { diffModels } from '../../../src/analysis/diff.ts';
import { decide } from '../../../src/model/decide.ts';
import type { Decision, HttpRequest } from '../../../src/model/decision.ts';
import type { MeshModel, WorkloadId } from '../../../src/model/types.ts';
import { compile, group, pod, service, split, target, tcpRoute } from '../../support/objects.ts';

/** Small meshes over few names, so that edits meet each other. */
const names = ['a', 'b', 'c'] as const;
const name = fc.constantFrom(...names);
const expressions = [
  '/books',
  '/books/.*',
  '/b[a-z]+$',
  '.*/edit',
  '/(?i:ADMIN)',
  '/books/[0-9]{1,2}',
  '.{3}',
  '/x|/y',
];
const headerExpressions = ['v1', 'v.*', '.*x', '[0-9]+', ''];

const match = fc.record({
  pathRegex: fc.option(fc.constantFrom(...expressions), { nil: undefined }),
  methods: fc.option(fc.subarray(['GET', 'POST', 'PUT', '*'], { minLength: 1, maxLength: 2 }), { nil: undefined }),
  headers: fc.option(
    fc.dictionary(fc.constantFrom('x-a', 'x-b', 'host'), fc.constantFrom(...headerExpressions, 'a.*'), { maxKeys: 2 }),
    { nil: undefined },
  ),
});

const parts = fc.record({
  groups: fc.array(fc.record({ m: match, n: match }), { minLength: 2, maxLength: 2 }),
  targets: fc.array(
    fc.record({
      to: name,
      from: fc.subarray([...names, 'ghost'], { minLength: 1 }),
      rules: fc.subarray(['HTTPRouteGroup g0', 'HTTPRouteGroup g1 m', 'TCPRoute t'], { minLength: 1 }),
    }),
    { maxLength: 4 },
  ),
  splits: fc.array(
    fc.record({
      root: name,
      backends: fc.dictionary(name, fc.constantFrom(0, 1, 3), { minKeys: 1 }),
      matches: fc.option(fc.subarray(['g0', 'g1'], { minLength: 1 }), { nil: undefined }),
    }),
    { maxLength: 2 },
  ),
  accounts: fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: 3, maxLength: 3 }),
  present: fc.subarray([...names], { minLength: 2 }),
  tcpPort: fc.constantFrom(8080, 9090),
});
type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never;

/** Two meshes of which each part is the same, or is not. */
const edited = fc
  .tuple(parts, parts, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }))
  .map(([one, other, changes]): readonly [Parts, Parts] => {
    const keys = Object.keys(one) as (keyof Parts)[];
    const entries = keys.map((key, index) => [key, changes[index] ? other[key] : one[key]]);
    return [one, Object.fromEntries(entries) as unknown as Parts];
  });

function modelOf({ accounts, groups, targets, splits, present, tcpPort }: Parts): MeshModel {
  const defined = <T extends object>(value: T) =>
    Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
  return compile({
    services: names.map((one) => service(one, { ports: ['80:8080', '90:9090 tcp-raw'] })),
    pods: names
      .filter((one) => present.includes(one))
      .map((one) =>
        pod(`${one}-0`, {
          app: one,
          account: names[names.indexOf(one) + (accounts[names.indexOf(one)] ?? 0)] ?? one,
          ports: ['8080', '9090 tcp-raw'],
        }),
      ),
    routeGroups: groups.map((matches, index) => group(`g${index}`, { m: defined(matches.m), n: defined(matches.n) })),
    tcpRoutes: [tcpRoute('t', [tcpPort])],
    targets: targets.map(({ to, from, rules }, index) => target(`t${index}`, to, from, rules)),
    splits: splits.map(({ root, backends, matches }, index) =>
      split(`s${index}`, root, backends, matches === undefined ? {} : { matches }),
    ),
  }).model;
}

const paths = fc.oneof(
  fc.constantFrom(
    '/',
    '/books',
    '/books/12',
    '/books/123',
    '/bx',
    '/bz/edit',
    '/admin',
    '/ADMIN/edit',
    '/x',
    '/yy',
    '/ab',
  ),
  fc.stringMatching(/^\/[a-z/]{0,8}$/),
);
const requestParts = fc.record({
  from: name,
  to: fc.constantFrom(...names.flatMap((one) => [one, `${one}.default`, `A.default`])),
  port: fc.constantFrom(80, 80, 80, 90),
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  path: paths,
  headers: fc.dictionary(fc.constantFrom('x-a', 'x-b'), fc.constantFrom('v1', 'v2', 'x', '1x', '12', '', 'q'), {
    maxKeys: 2,
  }),
});

type RequestParts = typeof requestParts extends fc.Arbitrary<infer T> ? T : never;

/** What the property means by a flip, said without the code under test. */
function letIn({ outcome, targets }: Decision): string {
  const taking = targets.filter(({ weight }) => weight > 0);
  if (outcome === 'rejected' || taking.every(({ verdict }) => verdict === 'deny' || verdict === 'unavailable'))
    return 'no';
  return taking.every(({ verdict }) => verdict === 'allow') ? 'yes' : 'partly';
}

function sharesOf({ targets }: Decision): string {
  const taking = targets.filter(({ weight }) => weight > 0);
  return taking
    .map(({ service: id, weight, total }) => `${id} ${(weight / total).toFixed(6)}`)
    .sort()
    .join();
}

describe('diff of random meshes', () => {
  test('every flip that random requests find is reported, and every reported example shows its change', () => {
    let flips = 0;
    const property = fc.property(edited, fc.infiniteStream(requestParts), ([one, other], stream) => {
      const [before, after] = [modelOf(one), modelOf(other)];
      const changes = diffModels(before, after);
      const traffic = changes.filter((change) => change.kind === 'traffic');
      expect(changes.filter((change) => change.kind === 'undecided')).toEqual([]);
      sound(traffic, before, after);
      for (const request of stream.take(2_000)) flips += Number(covered(request, traffic, before, after));
    });
    fc.assert(property, { numRuns: 60 });
    expect(flips).toBeGreaterThan(1_000);
  }, 240_000);
});

function sound(traffic: readonly TrafficChange[], before: MeshModel, after: MeshModel): void {
  const paired = pairClients(before, after);
  for (const { example, service: id } of traffic) {
    if (id.endsWith('(pods)')) continue;
    const [then, now] = [decide(paired.before, example.before.request), decide(paired.after, example.after.request)];
    expect(then).toEqual(example.before.decision);
    expect(now).toEqual(example.after.decision);
    expect(then).not.toEqual(now);
  }
}

function clientName(id: WorkloadId, before: MeshModel, after: MeshModel): string {
  const [was, is] = [before, after].map(({ workloads }) => `default/${workloads[id]?.serviceAccount}`);
  return was === is ? `${is}` : `${id} (${was}, now ${is})`;
}

/** Whether the request is decided otherwise; then some change must say so. */
function covered(
  { from, to, port, method, path, headers }: RequestParts,
  traffic: readonly TrafficChange[],
  before: MeshModel,
  after: MeshModel,
): boolean {
  const sender = `default/${from}-0` as WorkloadId;
  if (before.workloads[sender] === undefined || after.workloads[sender] === undefined) return false;
  const request: HttpRequest = { kind: 'http', from: sender, to: { host: to, port }, method, path, headers };
  const [then, now] = [decide(before, request), decide(after, request)];
  const id = now.service ?? then.service;
  const sayings = [letIn(then), letIn(now), sharesOf(then), sharesOf(now)];
  if (sayings[0] === sayings[1] && sayings[2] === sayings[3]) return false;
  const about = traffic.filter(
    (change) =>
      change.service === id && change.port === port && change.clients.includes(clientName(sender, before, after)),
  );
  const says = (say: (decision: Decision) => string, was: string | undefined, is: string | undefined) =>
    was === is ||
    about.some(({ example }) => say(example.before.decision) === was && say(example.after.decision) === is);
  const found = says(letIn, sayings[0], sayings[1]) && says(sharesOf, sayings[2], sayings[3]);
  if (!found) expect.fail(`not reported: ${JSON.stringify(request)} ${sayings.join(' | ')}`);
  return true;
}
