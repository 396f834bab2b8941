import { describe, expect, it } from 'vitest';
import type { Artifact, SupportTable, Translator, UnitId } from '../../../src/adapter/contract.ts';
import { features } from '../../../src/adapter/features.ts';
import { noOptions } from '../../../src/adapter/no-options.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { contractCases, shippedModels } from '../../../src/testkit/index.ts';

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
        simulate:
          (_documents, { services }) =>
          (request) => {
            const found = Object.values(services).find(({ hosts }) => hosts.some((host) => host === request.to.host));
            if (found === undefined) return { outcome: 'rejected', status: 404 };
            const target = { service: found.id, port: request.to.port, weight: 1, total: 1, verdict: 'allow' } as const;
            return { outcome: 'routed', targets: [target] };
          },
      },
      ['access'],
    ],
  ])('finds one that %s', (_what, wrong, groups) => {
    const failed = new Set(failedBy(wrong).map((name) => name.slice(0, name.indexOf(':'))));
    for (const group of groups) expect([...failed]).toContain(group);
  });
});
