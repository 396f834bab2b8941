import { describe, expect, it } from 'vitest';
import type { SupportTable } from '../../../src/adapter/contract.ts';
import { type Feature, features } from '../../../src/adapter/features.ts';
import { losses } from '../../../src/adapter/losses.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { binding, compile, group, pod, service, split, target, udpRoute } from '../../support/objects.ts';

const supporting = (without: readonly Feature[]): SupportTable =>
  Object.fromEntries(
    features.map((feature) => [
      feature,
      without.includes(feature) ? { level: 'none', why: 'it has no such thing' } : { level: 'exact' },
    ]),
  ) as SupportTable;

const mesh = compile({
  services: [service('a'), service('b')],
  pods: [pod('a'), pod('b', { annotations: { 'smi-mesh.io/sidecar': 'disabled' } })],
  splits: [split('s', 'a', { b: 1 }, { matches: ['g'] })],
  targets: [target('t', 'a', ['b'], ['HTTPRouteGroup g'])],
  routeGroups: [group('g', { m: { pathRegex: '/x', methods: ['GET'], headers: { 'x-y': 'z' } } })],
}).model;

const lost = (model: MeshModel, without: readonly Feature[]) =>
  losses(model, { id: 'toy', support: supporting(without) });

describe('the loss report', () => {
  it('is empty for a target that can do everything', () => {
    expect(lost(mesh, [])).toEqual([]);
  });

  it.each([
    'http-routing',
    'weighted-split',
    'split-with-matches',
    'match-path-regex',
    'match-method',
    'match-header-regex',
    'mutual-tls',
    'access-identity',
    'access-http',
    'plain-workloads',
  ] as const)('names %s once, at an object that uses it', (feature) => {
    const found = lost(mesh, [feature]);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      code: 'SMI5002',
      severity: 'warning',
      message: expect.stringContaining(`toy cannot express ${feature}: it has no such thing`),
      origin: { object: expect.any(String) },
    });
  });

  it.each([
    ['match-method', 'spec.matches[0].methods'],
    ['match-path-regex', 'spec.matches[0].pathRegex'],
    ['match-header-regex', 'spec.matches[0].headers'],
  ] as const)('names %s at its own field of a match', (feature, path) => {
    expect(lost(mesh, [feature])[0]?.origin?.path).toSatisfy((place: string) => place.startsWith(path));
  });

  it('says nothing of what the mesh does not use', () => {
    expect(lost(mesh, ['tcp-routing', 'access-audit', 'access-allow', 'failed-distribution'])).toEqual([]);
  });

  it('names what of traces the mesh asks for', () => {
    const collector = { address: 'c', port: 4317 };
    const tracing = { collector, protocol: 'grpc', sampling: 1, keepErrors: false, propagation: ['b3'] } as const;
    const traced = { ...mesh, settings: { ...mesh.settings, tracing } };
    const all = ['tracing', 'tracing-kept', 'tracing-b3'] as const;
    expect(lost(mesh, all)).toEqual([]);
    expect(lost(traced, all).map(({ message }) => message.split(':')[0])).toEqual([
      'toy cannot express tracing',
      'toy cannot express tracing-b3',
    ]);
  });

  it('names modes, which no object asks for', () => {
    const audit = compile({ services: [service('a')], pods: [pod('a')] }, { accessMode: 'audit' }).model;
    expect(lost(audit, ['access-audit'])).toEqual([
      expect.objectContaining({ code: 'SMI5002', message: expect.stringContaining('access-audit') }),
    ]);
  });

  it('names what only some targets know: pods of an account, other trust domains, UDP', () => {
    const schemes = { podLabelSelector: { app: 'b' }, spiffeIdentities: ['spiffe://partner.example/billing'] };
    const { model } = compile({
      services: [service('a')],
      pods: [pod('a'), pod('b')],
      targets: [target('t', 'a', ['~i'], ['UDPRoute u'])],
      udpRoutes: [udpRoute('u')],
      identityBindings: [binding('i', schemes)],
    });
    for (const feature of ['access-pods', 'access-federated', 'access-udp'] as const) {
      expect(lost(model, [feature])).toMatchObject([{ message: expect.stringContaining(feature) }]);
      expect(lost(mesh, [feature])).toEqual([]);
    }
  });

  it('tells an approximation from a loss', () => {
    const support: SupportTable = { ...supporting([]), 'match-method': { level: 'approximate', how: 'GET only' } };
    expect(losses(mesh, { id: 'toy', support })).toEqual([
      expect.objectContaining({ code: 'SMI5001', message: 'toy approximates match-method: GET only' }),
    ]);
  });
});
