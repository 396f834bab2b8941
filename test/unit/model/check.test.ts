import { describe, expect, it } from 'vitest';
import { checkModel } from '../../../src/model/check.ts';
import { serviceId } from '../../../src/model/ids.ts';
import type { MeshModel, OutboundRule, ServiceId, WorkloadId } from '../../../src/model/types.ts';
import { compile, pod, service, split } from '../../support/objects.ts';

const { model } = compile({
  services: [service('a'), service('b')],
  pods: [pod('a'), pod('b')],
  splits: [split('s', 'a', { a: 1, b: 1 })],
});
const a = 'default/a' as ServiceId;

function withRules(rules: readonly OutboundRule[]): MeshModel {
  const port = { port: 80, protocol: 'http', rules } as unknown as NonNullable<
    MeshModel['outbound'][ServiceId]
  >['ports'][string];
  return { ...model, outbound: { ...model.outbound, [a]: { service: a, ports: { 80: port } } } };
}

const weighted = (service: string, ...weights: number[]): OutboundRule =>
  ({
    from: 'any',
    match: 'any',
    to: {
      kind: 'weighted',
      targets: weights.map((weight) => ({ service: serviceId('default', service), port: 80, weight, origins: [] })),
    },
    origins: [],
  }) as unknown as OutboundRule;

describe('a model', () => {
  it('of the compiler is sound', () => {
    expect(checkModel(model)).toEqual([]);
  });

  it.each<[string, MeshModel]>([
    ['has no outbound policy', { ...model, outbound: {} }],
    ['has no inbound policy', { ...model, inbound: {} }],
    ['which is not there', { ...model, workloads: {} as Readonly<Record<WorkloadId, never>> }],
    ['are not sorted', { ...model, services: Object.fromEntries(Object.entries(model.services).reverse()) }],
    [
      'has id',
      { ...model, services: { ...model.services, ['default/b' as ServiceId]: model.services[a] } } as MeshModel,
    ],
    [
      'no last rule',
      withRules([{ ...weighted('a', 1), match: { methods: ['GET'], path: 'any', headers: 'any', origins: [] } }]),
    ],
    ['no last rule', withRules([])],
    ['has the weights 0, 0', withRules([weighted('a', 0, 0)])],
    ['has the weights -1, 2', withRules([weighted('a', -1, 2)])],
    ['sends to default/gone:80', withRules([weighted('gone', 1)])],
  ])('is told that something %s', (sentence, broken) => {
    expect(checkModel(broken).join('\n')).toContain(sentence);
  });
});
