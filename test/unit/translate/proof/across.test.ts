import { describe, expect, test } from 'vitest';
import { istioAdapter } from '../../../../adapters/istio/index.ts';
import type { Artifact } from '../../../../src/adapter/contract.ts';
import type { TrafficRequest } from '../../../../src/model/decision.ts';
import type { MeshModel } from '../../../../src/model/types.ts';
import { prove, questionsAbout } from '../../../../src/translate/proof/prove.ts';
import { translate } from '../../../../src/translate/translate.ts';
import { binding, compile, group, pod, service, target } from '../../../support/objects.ts';
import { optionsOf } from '../../../support/translate/options.ts';

/** Of the account `shop` one pod may read orders; of the others nobody may anything. */
const { model } = compile({
  services: [service('server'), service('back')],
  pods: [
    pod('server', { ips: ['10.0.0.9'] }),
    pod('back', { account: 'shop', ips: ['10.0.0.2'] }),
    pod('front', { account: 'shop', ips: ['10.0.0.1'] }),
    pod('worker', { ips: ['10.0.0.3'] }),
  ],
  routeGroups: [group('g', { m: { pathRegex: '/orders/.*', methods: ['GET'], headers: { 'x-shop': 'yes' } } })],
  identityBindings: [binding('front', { podLabelSelector: { app: 'front' } })],
  targets: [target('t', 'server', ['~front'], ['HTTPRouteGroup g'])],
});

/** So many ports with an account each, which the client of the next account alone may call at its own path. */
function large(services: number): MeshModel {
  const indexes = [...Array(services).keys()];
  return compile({
    services: indexes.map((index) => service(`s${index}`)),
    pods: indexes.map((index) => pod(`s${index}`)),
    routeGroups: indexes.map((index) => group(`g${index}`, { m: { pathRegex: `/only/${index}` } })),
    targets: indexes.map((index) =>
      target(`t${index}`, `s${index}`, [`s${(index + 1) % services}`], [`HTTPRouteGroup g${index}`]),
    ),
  }).model;
}

function askersOf(mesh: MeshModel, count: number, wanted: (request: TrafficRequest) => boolean): ReadonlySet<string> {
  const asked = [...questionsAbout(mesh, { count, seed: 7 })].map(({ request }) => request);
  return new Set(asked.filter(wanted).map(({ from }) => from));
}

describe('what one client is granted', () => {
  test('is asked by other pods of its account, by other accounts and by strangers', () => {
    const granted = askersOf(
      model,
      300,
      (request) =>
        request.kind === 'http' &&
        request.to.host.startsWith('server.') &&
        request.method === 'GET' &&
        /^\/orders\//.test(request.path) &&
        request.headers['x-shop'] === 'yes',
    );
    const strangers = ['default/smi-proof-stranger', 'smi-proof-stranger/smi-proof-stranger'];
    expect(granted).toEqual(
      new Set(['back', 'front', 'server', 'worker'].map((name) => `default/${name}`).concat(strangers)),
    );
  });

  test('is asked by many others where there are too many ports and clients for all', () => {
    const mesh = large(120);
    const across = [...questionsAbout(mesh, { count: 2_000, seed: 7 })].filter(({ request, meant }) => {
      const port = /^s([0-9]+)\./.exec(request.to.host)?.[1];
      const isGranted = request.kind === 'http' && request.path === `/only/${port}`;
      return isGranted && meant.targets.some(({ verdict }) => verdict === 'deny');
    });
    expect(new Set(across.map(({ request }) => request.to.host)).size).toBeGreaterThan(32);
    expect(new Set(across.map(({ request }) => request.from)).size).toBeGreaterThan(32);
  });
});

interface Source {
  readonly principals?: readonly string[];
  readonly ipBlocks?: readonly string[];
}

/** Documents of which each source of a rule is another one. */
function withSources(artifacts: readonly Artifact[], change: (source: Source) => Source) {
  const changed = (key: string, value: unknown) => (key === 'source' ? change(value as Source) : value);
  return artifacts.map((artifact) => ({ ...artifact, body: JSON.parse(JSON.stringify(artifact.body), changed) }));
}

describe('documents that let in', () => {
  const translation = translate(istioAdapter, model, optionsOf(istioAdapter));
  const proofOf = (artifacts: readonly Artifact[]) =>
    prove(model, istioAdapter, { ...translation, artifacts }, questionsAbout(model, { count: 300, seed: 7 }));

  test('no more than the mesh are right', () => {
    const proof = proofOf(withSources(translation.artifacts, (source) => source));
    expect(proof?.counterExample).toBeUndefined();
    expect(proof?.agreed).toBeGreaterThan(250);
  });

  test.each<[string, (source: Source) => Source, string]>([
    ['every pod of the account', ({ principals = [] }) => ({ principals }), 'default/back'],
    ['whoever has an address, by an empty list of them,', (source) => ({ ...source, ipBlocks: [] }), 'default/back'],
    [
      'whoever has one of the addresses',
      ({ ipBlocks = [] }) => ({ ipBlocks: [...ipBlocks, '10.0.0.3'] }),
      'default/worker',
    ],
    ['every account', () => ({ principals: ['*'] }), ''],
  ])('%s are found', (_, change, from) => {
    const found = proofOf(withSources(translation.artifacts, change))?.counterExample;
    expect(found?.difference).toMatch(/^at default\/server:80 the mesh says deny, the documents allow/);
    expect(found?.request.from).toContain(from);
  });
});
