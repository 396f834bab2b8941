import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envoyAdapter } from '../../../adapters/envoy/index.ts';
import { proxyAdapter } from '../../../adapters/proxy/index.ts';
import type { Adapter, DataPlaneAdapter, UnitId } from '../../../src/adapter/contract.ts';
import { createEmitter, createViewEmitter } from '../../../src/adapter/emitter.ts';
import {
  type CompileOptions,
  createCompiler,
  defaultCompileOptions,
  type MeshInput,
} from '../../../src/compile/index.ts';
import type { MeshModel, WorkloadId } from '../../../src/model/types.ts';
import { compile, group, nothing, pod, service, split, target } from '../../support/objects.ts';

const names = ['a', 'b', 'c'] as const;
const name = fc.constantFrom(...names);
/** Absent, of HTTP, and with bytes at a number that others use for HTTP and an address that others have too. */
const shapes = [
  undefined,
  { ports: ['80:8080', '81:8081'] },
  { ports: ['80:8080', '81:8081 tcp-bytes'], clusterIPs: ['10.96.0.1'] },
] as const;
const input: fc.Arbitrary<MeshInput> = fc.record({
  services: fc
    .tuple(...names.map((each) => fc.constantFrom(...shapes.map((shape) => shape && service(each, shape)))))
    .map((services) => services.flatMap((each) => each ?? [])),
  pods: fc
    .uniqueArray(fc.tuple(name, fc.boolean(), fc.constantFrom<readonly string[]>([], ['127.0.0.1'], ['127.0.0.2'])), {
      selector: ([each]) => each,
    })
    .map((pods) => pods.map(([each, ready, ips]) => pod(each, { ready, ips, ports: ['8080', '8081'] }))),
  splits: fc
    .tuple(name, fc.dictionary(name, fc.integer({ min: 0, max: 3 })), fc.boolean())
    .map(([root, backends, matched]) => [split('s', root, backends, matched ? { matches: ['g'] } : {})]),
  targets: fc.subarray(names.map((each) => target(`to-${each}`, each, ['a', 'b'], ['HTTPRouteGroup g']))),
  routeGroups: fc.subarray([group('g', { m: { pathRegex: '/x.*', methods: ['GET'] } })]),
  serviceAccounts: fc.constant(nothing.serviceAccounts),
  deployments: fc.constant(nothing.deployments),
  tcpRoutes: fc.constant(nothing.tcpRoutes),
});

const plain = <O>(adapter: Adapter<O>, options: O, model: MeshModel) =>
  Object.fromEntries(
    adapter.units(model, { options }).map((unit) => [unit, adapter.emitUnit(model, unit, { options })]),
  );

/** After every edit, for the whole mesh and for workloads that come and go. */
function expectIncremental<O>(
  adapter: DataPlaneAdapter<O>,
  options: O,
  compileOptions: CompileOptions,
  numRuns = 30,
): void {
  fc.assert(
    fc.property(fc.array(input, { minLength: 1, maxLength: 8 }), (inputs) => {
      const compiler = createCompiler();
      const whole = createEmitter(adapter, options);
      const emitter = createViewEmitter(adapter, options);
      for (const [position, each] of inputs.entries()) {
        const { model } = compiler.compile(each, compileOptions);
        expect(Object.fromEntries(whole.emit(model))).toEqual(plain(adapter, options, model));
        emitter.follow(model);
        for (const id of Object.keys(model.workloads) as WorkloadId[]) {
          // Workloads come and go; what nobody looks at is not emitted.
          if (position % 2 === 0) emitter.open(id);
          else if (id === 'default/a') emitter.close(id);
        }
        const open = Object.keys(model.workloads).filter((id) => emitter.view(id as WorkloadId).length > 0);
        for (const id of open as WorkloadId[]) {
          expect(emitter.view(id)).toEqual(adapter.view(model, id, { options }));
          for (const unit of emitter.view(id)) {
            expect(emitter.artifacts(unit)).toEqual(adapter.emitUnit(model, unit, { options }));
          }
        }
      }
    }),
    { numRuns },
  );
}

describe('an emitter', () => {
  it('gives after any edits what our own proxy is to have for the model alone', () => {
    expectIncremental(proxyAdapter, {}, defaultCompileOptions);
  }, 120_000);

  const interception = { outbound: 15_001, inbound: 15_006 };
  it.each([
    [{}, {}],
    [{ clientAccess: 'refuse' }, {}],
    [{ accessMode: 'allow' }, {}],
    [{}, { interception }],
  ] as const)(
    'gives after any edits what Envoys are to have: %j, %j',
    (more, redirected) => {
      const options = envoyAdapter.parseOptions({ secrets: 'ads', ...redirected });
      if (!options.ok) throw new Error(options.error[0].message);
      const settings = { ...defaultCompileOptions.settings, ...more };
      expectIncremental(envoyAdapter, options.value, { ...defaultCompileOptions, settings }, 12);
    },
    120_000,
  );

  it('asks the adapter again only for units whose nodes changed', () => {
    const asked: UnitId[] = [];
    const counting: Adapter = {
      ...(proxyAdapter as Adapter),
      emitUnit(model, unit, context) {
        asked.push(unit);
        return proxyAdapter.emitUnit(model, unit, { ...context, options: {} });
      },
    };
    const compiler = createCompiler();
    const emitter = createEmitter(counting, {});
    const of = (weight: number) =>
      compiler.compile(
        {
          ...nothing,
          services: [service('a'), service('b'), service('c')],
          pods: [pod('a', { ips: ['127.0.0.1'] }), pod('b', { ips: ['127.0.0.2'] })],
          splits: [split('s', 'a', { b: weight, c: 1 })],
        },
        defaultCompileOptions,
      ).model;
    const first = emitter.emit(of(1));
    asked.length = 0;
    const second = emitter.emit(of(2));
    expect(asked).toEqual(['endpoints/default/a:80', 'service/default/a:80']);
    for (const [unit, artifacts] of first) expect(second.get(unit) === artifacts).toBe(unit !== 'service/default/a:80');
  });

  it('keeps the artifacts of a unit that was computed again and came out equal', () => {
    const adapter: Adapter = {
      ...(proxyAdapter as Adapter),
      units: () => ['all' as UnitId],
      emitUnit: (model) => [{ name: 'all', format: 'x', body: Object.keys(model.services), origins: [] }],
    };
    const emitter = createEmitter(adapter, {});
    const one = emitter.emit(compile({ services: [service('a')] }).model).get('all' as UnitId);
    const two = emitter.emit(compile({ services: [service('a', { ports: ['81:8080'] })] }).model).get('all' as UnitId);
    expect(two).toBe(one);
    const three = emitter.emit(compile({ services: [service('a'), service('b')] }).model).get('all' as UnitId);
    expect(three?.[0]?.body).toEqual(['default/a', 'default/b']);
  });

  it.each(['in', 'hasOwn', 'get'] as const)('notices a node that appears where an adapter looked with %s', (how) => {
    const looks = {
      in: (model: MeshModel) => 'default/b' in model.workloads,
      hasOwn: (model: MeshModel) => Object.hasOwn(model.workloads, 'default/b'),
      get: (model: MeshModel) => model.workloads['default/b' as WorkloadId] !== undefined,
    };
    const adapter: Adapter = {
      ...(proxyAdapter as Adapter),
      units: () => ['all' as UnitId],
      emitUnit: (model) => [{ name: 'all', format: 'x', body: looks[how](model), origins: [] }],
    };
    const emitter = createEmitter(adapter, {});
    const body = (model: MeshModel) => emitter.emit(model).get('all' as UnitId)?.[0]?.body;
    expect(body(compile({ pods: [pod('a')] }).model)).toBe(false);
    expect(body(compile({ pods: [pod('a'), pod('b')] }).model)).toBe(true);
  });
});
