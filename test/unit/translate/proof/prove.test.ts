import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Loss, Simulated, SimulatedTarget, SupportTable, Translator } from '../../../../src/adapter/contract.ts';
import { diagnostic } from '../../../../src/diagnostics/diagnostic.ts';
import type { ObjectKey } from '../../../../src/diagnostics/origin.ts';
import { nonEmpty } from '../../../../src/lib/collections.ts';
import { decide } from '../../../../src/model/decide.ts';
import type { Decision, TrafficRequest } from '../../../../src/model/decision.ts';
import type { MeshModel, ServiceId, WorkloadId } from '../../../../src/model/types.ts';
import { prove, questionsAbout } from '../../../../src/translate/proof/prove.ts';
import { withStrangers } from '../../../../src/translate/proof/strangers.ts';
import { compile, deployment, group, pod, service, split, target, tcpRoute } from '../../../support/objects.ts';
import { excuseTable } from '../../../support/translate/excuse-table.ts';
import { toyTranslator } from '../../../support/translate/toy.ts';

const { model } = compile({
  services: [service('shop'), service('v1'), service('v2'), service('db', { ports: ['5432:5432 tcp-db'] })],
  pods: ['client', 'shop', 'v1', 'v2'].map((name) => pod(name)).concat(pod('db', { ports: ['5432 tcp-db'] })),
  splits: [split('s', 'shop', { v1: 2, v2: 1 }, { matches: ['g'] })],
  routeGroups: [group('g', { m: { pathRegex: '/books/[0-9]+', methods: ['GET'], headers: { 'x-tag': 'a.*' } } })],
  targets: [
    target('t', 'v1', ['client'], ['HTTPRouteGroup g']),
    target('u', 'v2', ['client', 'shop'], ['HTTPRouteGroup g']),
    target('d', 'db', ['shop'], ['TCPRoute d']),
  ],
  tcpRoutes: [tcpRoute('d', [5432])],
});
const wanted = { count: 3_000, seed: 7 };
const questions = [...questionsAbout(model, wanted)];
const empty = { artifacts: [], general: [], refusals: [] };

type Change = (done: Simulated, request: TrafficRequest) => Simulated;

/** A target whose documents mean what the mesh does, but for a change. */
function nearly(change: Change, losses: readonly Loss[] = []) {
  const translator: Translator = {
    ...toyTranslator,
    support: { ...toyTranslator.support, 'access-http': { level: 'approximate', how: 'no regex', reported: true } },
    simulate: () => (request) => change(simulatedOf(decide(withStrangers(model), request)), request),
  };
  return prove(model, translator, { ...empty, losses }, questions);
}

function simulatedOf({ outcome, status = 0, targets }: Decision): Simulated {
  const some = nonEmpty(targets);
  if (outcome === 'outside') return { outcome };
  return outcome === 'rejected' || some === undefined
    ? { outcome: 'rejected', status }
    : { outcome: 'routed', targets: some };
}

function ofTargets(change: (one: SimulatedTarget, request: TrafficRequest) => SimulatedTarget): Change {
  return (done, request) => {
    if (done.outcome !== 'routed') return done;
    const [first, ...others] = done.targets.map((one) => change(one, request));
    return first === undefined ? done : { outcome: 'routed', targets: [first, ...others] };
  };
}

function loss(kind: Loss['kind'], feature: Loss['feature'], object: string): Loss {
  return { feature, kind, text: 'it differs', origins: [{ object: object as ObjectKey, path: '' }] };
}

describe('requests', () => {
  test('are different, the same for the same seed, and as many as are wanted', () => {
    const texts = questions.map(({ request }) => JSON.stringify(request));
    expect(texts).toHaveLength(wanted.count);
    expect(new Set(texts).size).toBe(wanted.count);
    expect([...questionsAbout(model, wanted)]).toEqual(questions);
    expect([...questionsAbout(model, { ...wanted, seed: 8 })]).not.toEqual(questions);
  });

  test('come from pods that no rule names, and meet every verdict', () => {
    expect(questions.some(({ request }) => request.from === 'default/smi-proof-stranger')).toBe(true);
    const verdicts = questions.flatMap(({ meant }) => meant.targets.map(({ verdict }) => verdict));
    expect(new Set(verdicts)).toEqual(new Set(['allow', 'deny']));
    expect(new Set(questions.map(({ meant }) => meant.outcome))).toEqual(new Set(['routed', 'rejected', 'outside']));
  });

  test.each([
    ['a member of the expression', { method: 'GET', path: /^\/books\/[0-9]+$/, header: 'a' }],
    ['a path with an octet more', { method: 'GET', path: /^\/books\/[0-9]+[^0-9/]+$/, header: 'a' }],
    ['a method that nobody knows', { method: 'BREW', path: /^\/books\/[0-9]+$/, header: 'a' }],
    ['no header', { method: 'GET', path: /^\/books\/[0-9]+$/, header: undefined }],
  ])('have %s', (_, { method, path, header }) => {
    const found = questions.some(({ request }) => {
      if (request.kind !== 'http' || request.method !== method || !path.test(request.path)) return false;
      const value = request.headers['x-tag'];
      return header === undefined ? value === undefined : typeof value === 'string' && value.startsWith(header);
    });
    expect(found).toBe(true);
  });
});

describe('a proof', () => {
  test('counts what agrees', () => {
    expect(nearly((done) => done)).toEqual({ asked: wanted.count, agreed: wanted.count, narrower: 0, otherwise: 0 });
  });

  test('is not there for an adapter that cannot read documents back', () => {
    expect(prove(model, toyTranslator, { ...empty, losses: [] }, questions)).toBeUndefined();
  });

  test.each<[string, Change]>([
    [
      'a share that is not exact',
      ofTargets((one) => (one.weight === 2 ? { ...one, weight: 200_000_001, total: 300_000_001 } : one)),
    ],
    ['a backend less', (done) => (done.outcome === 'routed' ? { ...done, targets: [done.targets[0]] } : done)],
    [
      'another backend',
      ofTargets((one) => (one.service === 'default/v2' ? { ...one, service: 'default/v1' as never } : one)),
    ],
    [
      'another status',
      (done) => (done.outcome === 'rejected' && done.status === 404 ? { ...done, status: 400 } : done),
    ],
    ['a host that is let out', (done) => (done.outcome === 'rejected' ? { outcome: 'outside' } : done)],
    [
      'a time limit that nobody asked for',
      (done) => (done.outcome === 'routed' ? { ...done, treatment: { timeout: 5 } } : done),
    ],
    ['nobody being asked', ofTargets((one) => ({ ...one, verdict: 'open' }))],
    ['less being let in', ofTargets((one) => (one.verdict === 'allow' ? { ...one, verdict: 'deny' } : one))],
    [
      'one header too many',
      ofTargets((one, request) =>
        request.kind === 'http' && typeof request.headers['x-tag'] === 'object' ? { ...one, verdict: 'allow' } : one,
      ),
    ],
    [
      'strangers being let in',
      ofTargets((one, request) => (request.from.endsWith('stranger') ? { ...one, verdict: 'allow' } : one)),
    ],
  ])('finds %s', (_, change) => {
    expect(nearly(change)?.counterExample?.difference).toMatch(/^(at default|the mesh|the documents)/);
  });

  test('counts less being let in where a loss states it', () => {
    const denying = ofTargets((one) =>
      one.service === 'default/v1' && one.verdict === 'allow' ? { ...one, verdict: 'deny' } : one,
    );
    const narrowed = nearly(denying, [loss('narrowed', 'access-http', 'access.smi-spec.io/TrafficTarget/default/t')]);
    expect(narrowed?.counterExample).toBeUndefined();
    expect(narrowed?.narrower).toBeGreaterThan(0);
  });

  test.each([
    [undefined, [67, 33], true],
    [0.004, [67, 33], true],
    [0.003, [67, 33], false],
    [undefined, [75, 25], false],
    [0.1, [75, 25], true],
  ] as const)(
    'takes shares that are %s apart by a loss, which are %j of 100: %s',
    (apart, [of2 = 0, of1 = 0], isTaken) => {
      const shares = ofTargets((one) =>
        one.total === 3 ? { ...one, weight: one.weight === 2 ? of2 : of1, total: 100 } : one,
      );
      const stated = loss('changed', 'weighted-split', 'split.smi-spec.io/TrafficSplit/default/s');
      const proof = nearly(shares, [apart === undefined ? stated : { ...stated, apart }]);
      expect(proof?.counterExample === undefined).toBe(isTaken);
      if (isTaken) expect(proof?.otherwise).toBeGreaterThan(0);
    },
  );

  test('takes no loss for letting in more, or for something else', () => {
    const opening = ofTargets((one) => ({ ...one, verdict: 'allow' }));
    expect(
      nearly(opening, [loss('narrowed', 'access-http', 'access.smi-spec.io/TrafficTarget/default/t')])?.counterExample,
    ).toBeDefined();
    const swapping = ofTargets((one) => (one.total === 3 ? { ...one, weight: 3 - one.weight } : one));
    expect(
      nearly(swapping, [loss('changed', 'weighted-split', 'split.smi-spec.io/TrafficSplit/default/s')])?.counterExample,
    ).toBeDefined();
  });
});

/** What the proof of one mesh finds of documents that mean what it does but for a change. */
function differenceIn(
  mesh: MeshModel,
  change: Change,
  { losses = [], refuse = () => [], ...levels }: Said,
): string | undefined {
  const translator: Translator = {
    ...(toyTranslator as Translator),
    refuse,
    support: { ...toyTranslator.support, ...levels },
    simulate: () => (request) => change(simulatedOf(decide(withStrangers(mesh), request)), request),
  };
  const asked = [...questionsAbout(mesh, { count: 400, seed: 7 })];
  return prove(mesh, translator, { ...empty, losses }, asked)?.counterExample?.difference;
}

type Said = Partial<SupportTable> & { readonly losses?: readonly Loss[]; readonly refuse?: Translator['refuse'] };

const none = { level: 'none', why: 'no words for it' } as const;
const about = { level: 'approximate', how: 'nearly' } as const;

describe('what excuses a difference', () => {
  const shopId = 'default/shop' as ServiceId;
  const ruleOf = { object: 'gateway.networking.k8s.io/HTTPRoute/default/own' as ObjectKey, path: 'spec.rules[0]' };
  const open = compile(
    { services: [service('shop'), service('v1')], pods: ['client', 'shop', 'v1'].map((name) => pod(name)) },
    { accessMode: 'allow' },
  ).model;
  const shop = open.outbound[shopId]!;
  const forClients: MeshModel = {
    ...open,
    outbound: {
      ...open.outbound,
      [shopId]: {
        ...shop,
        ports: {
          '80': {
            ...shop.ports['80']!,
            rules: [
              {
                from: [open.workloads['default/client' as WorkloadId]!.set],
                match: 'any',
                to: {
                  kind: 'weighted',
                  targets: [{ service: 'default/v1' as ServiceId, port: 80, weight: 1, origins: [] }],
                },
                origins: [ruleOf],
              },
              ...shop.ports['80']!.rules,
            ],
          },
        },
      },
    },
  };
  const toShop: Change = (done) =>
    done.outcome === 'routed' && done.targets[0].service === 'default/v1'
      ? { outcome: 'routed', targets: [{ ...done.targets[0], service: shopId }] }
      : done;
  const onlyForClients: Change = (done, request) =>
    request.from === 'default/client' && request.to.host.includes('shop') ? toShop(done, request) : done;
  const leftOut: Loss = { feature: 'client-rules', kind: 'dropped', text: 'left out', origins: [ruleOf] };

  test('a rule for some clients that a loss says is left out', () => {
    expect(differenceIn(forClients, onlyForClients, {})).toMatch(/^the mesh sends it to default\/v1/);
    expect(differenceIn(forClients, onlyForClients, { 'client-rules': none, losses: [leftOut] })).toBeUndefined();
    // Of the Service that the rule is not about nothing is excused.
    expect(differenceIn(forClients, toShop, { 'client-rules': none, losses: [leftOut] })).toMatch(/default\/v1/);
  });

  test('how a request is treated, only where a loss says it of the fields that ask for it', () => {
    const field = { object: 'policy.smi-mesh.io/TrafficPolicy/default/p' as ObjectKey, path: 'spec.timeouts.request' };
    const layer = {
      policy: 'default/p',
      matches: 'any',
      fields: { timeouts: { request: 1_000 } },
      origins: [field],
    } as const;
    const limited: MeshModel = {
      ...open,
      outbound: {
        ...open.outbound,
        [shopId]: { ...shop, ports: { '80': { ...shop.ports['80']!, policies: [layer] } } },
      },
    };
    const unlimited: Change = (done) => (done.outcome === 'routed' ? { ...done, treatment: {} } : done);
    const lost: Loss = { feature: 'request-timeouts', kind: 'dropped', text: 'left out', origins: [field] };
    expect(differenceIn(limited, unlimited, {})).toBe('the mesh gives it 1000 ms, the documents any time');
    expect(differenceIn(limited, unlimited, { 'request-timeouts': about })).toMatch(/any time/);
    expect(differenceIn(limited, unlimited, { 'request-timeouts': about, losses: [lost] })).toBeUndefined();
    expect(differenceIn(limited, (done) => done, {})).toBeUndefined();
  });

  const rejected = 'the mesh has it routed, the documents rejected';
  const rejecting =
    (status: number, some: (request: TrafficRequest) => boolean): Change =>
    (done, request) =>
      done.outcome === 'routed' && some(request) ? { outcome: 'rejected', status } : done;
  const bare = rejecting(404, ({ to }) => !to.host.includes('.'));
  const escaped = rejecting(400, (request) => request.kind === 'http' && request.path.includes('%'));

  test.each([
    ['bare names', bare],
    ['paths with escapes', escaped],
  ])('%s that a table of http-routing says are not understood', (_, change) => {
    expect(differenceIn(open, change, {})).toBe(rejected);
    expect(differenceIn(open, change, { 'http-routing': about })).toBeUndefined();
    expect(differenceIn(open, change, { 'tcp-routing': none })).toBe(rejected);
  });

  test('methods in small letters that a table of match-method says are not understood', () => {
    const small = rejecting(400, (request) => request.kind === 'http' && /[a-z]/.test(request.method));
    expect(differenceIn(model, small, { 'http-routing': about })).toBe(rejected);
    expect(differenceIn(model, small, { 'match-method': about })).toBeUndefined();
  });

  test('a Service without workloads that are ready being answered 503, and nothing else', () => {
    const of = (ready: boolean) => {
      const pods = [pod('client'), pod('shop', { ready, ips: ['10.0.0.1'] })];
      return compile({ services: [service('shop')], pods }, { accessMode: 'allow' }).model;
    };
    const with503 = rejecting(503, ({ kind }) => kind === 'http');
    expect(differenceIn(of(false), with503, {})).toBeUndefined();
    expect(differenceIn(of(true), with503, {})).toBe(rejected);
    expect(
      differenceIn(
        of(false),
        rejecting(404, ({ kind }) => kind === 'http'),
        {},
      ),
    ).toBe(rejected);
  });

  test('plain requests only where the protocol is none, or a loss says it of the Service', () => {
    const all = rejecting(404, () => true);
    expect(differenceIn(open, all, { 'http-routing': about })).toBe(rejected);
    expect(differenceIn(open, all, { 'http-routing': none })).toBeUndefined();
    const ofService: Loss = { ...leftOut, feature: 'http-routing', origins: open.services[shopId]!.origins };
    const ofShop = rejecting(
      404,
      (request) =>
        request.to.host.includes('shop') && (request.kind !== 'http' || !/v1/i.test(String(request.headers.host))),
    );
    expect(differenceIn(open, ofShop, { 'http-routing': about, losses: [ofService] })).toBeUndefined();
  });

  test('nobody being asked, only where the model is refused unless an option says who does', () => {
    const asksNobody = ofTargets((one) => ({ ...one, verdict: 'open' }));
    const refuse: Translator['refuse'] = (_, options) =>
      (options as { access: string }).access === 'elsewhere' ? [] : [diagnostic('SMI5004', { message: 'closed' })];
    expect(differenceIn(model, asksNobody, { 'access-identity': none })).toMatch(
      /the mesh says deny, the documents open/,
    );
    expect(differenceIn(model, asksNobody, { 'access-identity': none, refuse })).toBeUndefined();
    expect(differenceIn(model, asksNobody, { 'access-identity': about, refuse })).toMatch(/documents open/);
    expect(differenceIn(open, asksNobody, { 'access-identity': about })).toBeUndefined();
  });

  test('being let out of a closed mesh, never', () => {
    const out: Change = (done) => (done.outcome === 'routed' ? { outcome: 'outside' } : done);
    expect(differenceIn(model, out, { 'http-routing': none, 'tcp-routing': none })).toBe(
      'the mesh has it routed, the documents outside',
    );
  });

  test('what has no address being unavailable, and nothing else', () => {
    const gone = ofTargets((one) => ({ ...one, verdict: 'unavailable' }));
    const closed = { services: [service('shop')], pods: [pod('client')] };
    expect(differenceIn(compile({ ...closed, deployments: [deployment('shop', 2)] }).model, gone, {})).toBeUndefined();
    const there = compile({ ...closed, pods: [pod('client'), pod('shop', { ips: ['10.0.0.1'] })] }).model;
    expect(differenceIn(there, gone, {})).toMatch(/the mesh says deny, the documents unavailable/);
  });
});

test('the page about translating has the table of excuses', () => {
  const page = readFileSync(new URL('../../../../docs/translate.md', import.meta.url), 'utf8');
  expect(page).toContain(excuseTable().join('\n'));
});
