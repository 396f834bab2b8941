import { describe, expect, it } from 'vitest';
import { objectKey } from '../../../src/diagnostics/origin.ts';
import type { TrafficMetricsDocument } from '../../../src/smi/types.ts';
import { compile, pod, service, split } from '../../support/objects.ts';

function ask(question: Pick<TrafficMetricsDocument, 'resource' | 'edge'>) {
  const meta = {
    key: objectKey('metrics.smi-spec.io', 'TrafficMetrics', 'default', 'q'),
    namespace: 'default',
    name: 'q',
    annotations: {},
  };
  const { model, diagnostics } = compile({
    services: [service('shop'), service('shop-v2')],
    pods: [pod('shop'), pod('shop-v2')],
    splits: [split('s', 'shop', { 'shop-v2': 1 })],
    trafficMetrics: [{ meta, metrics: [], ...question }],
  });
  return { query: model.telemetry.queries[0], codes: diagnostics.map(({ code }) => code) };
}

describe('a TrafficMetrics document', () => {
  it.each([
    [
      { kind: 'Service', name: 'shop' },
      { kind: 'Service', namespace: 'default', name: 'shop' },
    ],
    [
      { kind: 'pod', namespace: 'default' },
      { kind: 'Pod', namespace: 'default' },
    ],
    [{ kind: 'Pod' }, { kind: 'Pod' }],
    [
      { kind: 'Namespace', name: 'default' },
      { kind: 'Namespace', name: 'default' },
    ],
    [
      { kind: 'Trafficsplit', name: 's' },
      { kind: 'TrafficSplit', namespace: 'default', name: 's' },
    ],
  ])('asks about %j', (resource, measured) => {
    expect(ask({ resource })).toMatchObject({ query: { document: 'default/q', resource: measured }, codes: [] });
  });

  it.each([
    { kind: 'Service', name: 'gone' },
    { kind: 'Service', namespace: 'other', name: 'shop' },
    { kind: 'Node', name: 'n' },
    { kind: 'Deployment' },
    { kind: 'Namespace', name: 'other' },
  ])('is left out when the mesh has no %j', (resource) => {
    expect(ask({ resource })).toEqual({ query: undefined, codes: ['SMI4035'] });
  });

  it('asks about an edge to any peer, measured by the server unless it says otherwise', () => {
    const resource = { kind: 'Service', name: 'shop' };
    expect(ask({ resource, edge: { direction: 'from' } }).query?.edge).toEqual({
      direction: 'from',
      side: 'server',
      peer: 'any',
    });
    const edge = { direction: 'to', side: 'client', resource: { kind: 'Pod', name: 'shop-v2' } } as const;
    expect(ask({ resource, edge }).query?.edge).toMatchObject({ side: 'client', peer: { name: 'shop-v2' } });
  });

  it('is left out when the peer does not exist', () => {
    const edge = { direction: 'to', resource: { kind: 'Pod', name: 'gone' } } as const;
    expect(ask({ resource: { kind: 'Pod', name: 'shop' }, edge })).toEqual({ query: undefined, codes: ['SMI4035'] });
  });
});
