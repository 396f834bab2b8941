import { describe, expect, it } from 'vitest';
import type { Artifact, SupportTable, Translator, UnitId } from '../../../src/adapter/contract.ts';
import { features } from '../../../src/adapter/features.ts';
import { noOptions } from '../../../src/adapter/no-options.ts';
import { diagnostic } from '../../../src/diagnostics/diagnostic.ts';
import { isRecord } from '../../../src/lib/values.ts';
import { decide } from '../../../src/model/decide.ts';
import { originsWithin } from '../../../src/model/origins.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { contractCases, shippedModels } from '../../../src/testkit/index.ts';
import { withStrangers } from '../../../src/translate/proof/strangers.ts';

const models = shippedModels().filter(({ name }) => ['split-thirds', 'closed'].includes(name));
const support = Object.fromEntries(
  features.map((name) => [name, { level: 'none', why: 'a list of names' }]),
) as SupportTable;

/** Writes the names of the services, each with its origins. */
const lister: Translator = {
  contract: 1,
  id: 'lister',
  support,
  parseOptions: noOptions('lister'),
  refuse: ({ inbound }) =>
    Object.values(inbound).some(({ mode }) => mode === 'deny')
      ? [diagnostic('SMI5004', { message: 'a list keeps nobody out' })]
      : [],
  units: (model) => Object.keys(model.services) as UnitId[],
  emitUnit(model, unit): readonly Artifact[] {
    const { id, origins } = Object.values(model.services).find((service) => String(service.id) === unit)!;
    return [{ name: id, format: 'list', body: `${id}\n`, origins }];
  },
};

/** Names of the cases that a lister with something wrong does not pass. */
function failedBy(wrong: Partial<Translator>): readonly string[] {
  return contractCases({ ...lister, ...wrong } as Translator, { models })
    .filter(({ skipped, run }) => skipped === undefined && run().length > 0)
    .map(({ name }) => name);
}

const withBody = (bodyOf: (model: MeshModel, unit: UnitId) => string): Partial<Translator> => ({
  emitUnit: (model, unit, context) =>
    lister.emitUnit(model, unit, context).map((artifact) => ({ ...artifact, body: bodyOf(model, unit) })),
});

const isEmpty = (given: unknown) => given === undefined || (isRecord(given) && Object.keys(given).length === 0);

/** Every service of the mesh answers in person, and has one verdict for everybody. */
const asking =
  (verdict: 'allow' | 'open'): NonNullable<Translator['simulate']> =>
  (_documents, { services }) =>
  (request) => {
    const found = Object.values(services).find(({ hosts }) => hosts.some((host) => host === request.to.host));
    if (found === undefined) return { outcome: 'rejected', status: 404 };
    const target = { service: found.id, port: request.to.port, weight: 1, total: 1, verdict } as const;
    return { outcome: 'routed', targets: [target] };
  };

describe('the contract suite', () => {
  it('passes an adapter without faults', () => {
    expect(failedBy({})).toEqual([]);
  });

  it('tells what cannot be proven', () => {
    const skipped = contractCases(lister, { models }).flatMap((one) =>
      one.skipped === undefined ? [] : [one.skipped],
    );
    expect(skipped).toContain('the adapter has no simulate: not provable');
  });

  let calls = 0;
  const counted = () => {
    calls += 1;
    return String(calls);
  };
  it.each<[string, Partial<Translator>, readonly string[]]>([
    ['counts how often it is asked', withBody(counted), ['determinism', 'units']],
    ['prints fields in the order of the model', withBody((model) => JSON.stringify(model.settings)), ['determinism']],
    ['lists all workloads in every unit', withBody((model) => String(Object.keys(model.workloads).length)), ['units']],
    [
      'names no origins of what rules say',
      {
        emitUnit: (model) => [
          { name: 'all', format: 'list', body: { split: model.outbound, access: model.inbound }, origins: [] },
        ],
        units: () => ['all' as UnitId],
      },
      ['determinism', 'origins'],
    ],
    [
      'names places that nobody wrote',
      {
        emitUnit: (model, unit, context) =>
          lister.emitUnit(model, unit, context).map((artifact) => ({
            ...artifact,
            origins: artifact.origins.map((one) => ({ ...one, path: 'spec.nothing' })),
          })),
      },
      [],
    ],
    ['takes any options', { parseOptions: () => ({ ok: true, value: {} }) }, ['options']],
    [
      'changes the model',
      { units: (model) => Object.keys(Object.assign(model, { settings: {} }).services) as UnitId[] },
      ['determinism'],
    ],
    ['speaks of another contract', { contract: 2 } as never, ['form']],
    [
      'loses what it calls exact',
      {
        support: { ...support, 'weighted-split': { level: 'exact' } },
        emitUnit(model, unit, context) {
          context.report?.({ feature: 'weighted-split', kind: 'changed', text: 'rounded', origins: [] });
          return lister.emitUnit(model, unit, context);
        },
      },
      ['losses'],
    ],
    [
      'lets everybody in',
      {
        simulate: asking('allow'),
      },
      ['proof'],
    ],
    ['never refuses a closed mesh', { refuse: () => [] }, ['access']],
    ['has no word of refusing', { refuse: undefined } as never, ['access']],
    ['asks nobody in a closed mesh', { refuse: () => [], simulate: asking('open') }, ['access', 'proof']],
    ['refuses with another code', { refuse: () => [diagnostic('SMI5006', { message: 'it fell' })] }, ['answer']],
    [
      'writes nothing of what it says that it routes',
      { units: () => [], support: { ...support, 'weighted-split': { level: 'exact' } } },
      ['routing'],
    ],
    [
      'writes nothing at all though it says that it routes',
      { units: () => [], support: { ...support, 'http-routing': { level: 'exact' } } },
      ['routing'],
    ],
    [
      'fails for an option in place of refusing it',
      {
        parseOptions: (given) =>
          isEmpty(given)
            ? { ok: true, value: {} }
            : { ok: false, error: [diagnostic('SMI5006', { message: 'it fell', hint: 'x' })] },
      },
      ['options'],
    ],
    [
      'misspells a feature',
      { support: { ...support, 'weigthed-split': { level: 'exact' } } as SupportTable },
      ['support'],
    ],
  ])('finds one that %s', (_what, wrong, groups) => {
    const failed = new Set(failedBy(wrong).map((name) => name.slice(0, name.indexOf(':'))));
    for (const group of groups) expect([...failed]).toContain(group);
  });
});

/** A target that says all that the mesh means, but for what it makes of the model first. */
function forgetful(forget: (model: MeshModel) => MeshModel): Translator {
  const exact = Object.fromEntries(features.map((name) => [name, { level: 'exact' }])) as SupportTable;
  return {
    ...lister,
    support: exact,
    refuse: () => [],
    units: () => ['all' as UnitId],
    emitUnit: (model) => [
      { name: 'all', format: 'model', body: JSON.stringify(forget(model)), origins: originsWithin(model) },
    ],
    simulate: ([document]) => {
      const known = withStrangers(JSON.parse(String(document?.body)) as MeshModel);
      return (request) => {
        const { outcome, status = 0, targets } = decide(known, request);
        const [first, ...others] = targets;
        if (outcome === 'outside') return { outcome };
        return first === undefined || outcome === 'rejected'
          ? { outcome: 'rejected', status }
          : { outcome: 'routed', targets: [first, ...others] };
      };
    },
  };
}

/** Every object of the model through a function. */
const replacing =
  (change: (value: Readonly<Record<string, unknown>>) => unknown) =>
  (model: MeshModel): MeshModel =>
    JSON.parse(JSON.stringify(model), (_, value: unknown) => (isRecord(value) ? change(value) : value)) as MeshModel;

describe('the shipped models find an adapter that', () => {
  const shown = ['authority', 'paths', 'pods', 'pods-differ'];
  const proofs = (adapter: Translator) =>
    contractCases(adapter, { models: shippedModels().filter(({ name }) => shown.includes(name)) })
      .filter(({ name, run }) => name.startsWith('proof: ') && run().length > 0)
      .map(({ name }) => name.slice('proof: '.length));

  it.each<[string, string | undefined, (model: MeshModel) => MeshModel]>([
    ['forgets nothing', undefined, (model) => model],
    [
      'takes exact paths for prefixes',
      'paths',
      replacing((value) => (value.kind === 'exact' ? { ...value, kind: 'prefix' } : value)),
    ],
    [
      'takes prefixes for exact paths',
      'paths',
      replacing((value) => (value.kind === 'prefix' ? { ...value, kind: 'exact' } : value)),
    ],
    [
      'does not read the authority',
      'authority',
      replacing((value) => (value.name === ':authority' ? { ...value, re2: '.*' } : value)),
    ],
    [
      'takes every pod for ready',
      'pods',
      replacing((value) => (value.ready === false ? { ...value, ready: true } : value)),
    ],
    [
      'knows one pod of each Service',
      'pods-differ',
      replacing((value) =>
        Array.isArray(value.targets) && isRecord(value.targets[0]) && 'workload' in value.targets[0]
          ? { ...value, targets: value.targets.slice(0, 1) }
          : value,
      ),
    ],
  ])('%s (%s)', (_what, model, forget) => {
    expect(proofs(forgetful(forget))).toEqual(model === undefined ? [] : [model]);
  });
});
