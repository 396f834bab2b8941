import { describe, expect, it } from 'vitest';
import { objectKey } from '../../../src/diagnostics/origin.ts';
import type { PodOwnerObject } from '../../../src/kubernetes/types.ts';
import { compile, deployment, pod, service } from '../../support/objects.ts';

function owner(kind: string, name: string, more: Partial<PodOwnerObject> = {}): PodOwnerObject {
  const made = deployment(name, 2);
  return { ...made, meta: { ...made.meta, key: objectKey('apps', kind, 'default', name) }, ...more };
}

const dueMinute = Date.parse('2026-01-01T00:00:00Z') / 60_000;

const workloads = (input: Parameters<typeof compile>[0]) => Object.keys(compile(input).model.workloads);

describe('pods of a StatefulSet and its like', () => {
  it.each(['StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job'])('stand for a %s that has none', (kind) => {
    const { model } = compile({ podOwners: [owner(kind, 'shop')], services: [service('shop')] });
    expect(Object.values(model.workloads)).toMatchObject([
      { name: 'shop-0', owners: [{ kind, name: 'shop' }], origins: [{ object: `apps/${kind}/default/shop` }] },
      { name: 'shop-1' },
    ]);
    expect(Object.values(model.services)).toMatchObject([
      { ports: [{ targets: [{ workload: 'default/shop-0' }, { workload: 'default/shop-1' }] }] },
    ]);
  });

  it('count from the first number that is stated', () => {
    expect(workloads({ podOwners: [owner('StatefulSet', 'shop', { firstOrdinal: 5 })] })).toEqual([
      'default/shop-5',
      'default/shop-6',
    ]);
  });

  it('are not made up beside a pod that it owns', () => {
    const owned = pod('real', { app: 'shop' });
    const pods = [{ ...owned, meta: { ...owned.meta, owners: [{ kind: 'StatefulSet', name: 'shop' }] } }];
    expect(workloads({ podOwners: [owner('StatefulSet', 'shop')], pods })).toEqual(['default/real']);
    expect(workloads({ podOwners: [owner('DaemonSet', 'shop', { replicas: 1 })], pods })).toEqual([
      'default/real',
      'default/shop-0',
    ]);
  });

  it.each([
    ['a ReplicaSet by its hash', 'ReplicaSet', 'shop-v1-5f4d', { kind: 'Deployment', name: 'shop-v1' }],
    ['a ReplicaSet of another maker', 'ReplicaSet', 'shop-v1-77', undefined],
    ['a Job by the minute that it is due in', 'Job', `sweep-${dueMinute}`, { kind: 'CronJob', name: 'sweep' }],
    ['a Job with a number of its own', 'Job', 'sweep-20260101', undefined],
    ['a DaemonSet', 'DaemonSet', 'shop-5f4d', undefined],
  ])('are known by what owns %s', (_, kind, name, farther) => {
    const owned = pod('real', { app: 'shop' });
    const labels = { ...owned.meta.labels, 'pod-template-hash': '5f4d' };
    const owners = [{ kind, name, uid: 'u' }];
    const meta = { ...owned.meta, labels, owners, creationTimestamp: '2026-01-01T00:00:07Z' };
    const { model } = compile({ pods: [{ ...owned, meta }] });
    expect(Object.values(model.workloads)[0]?.owners).toEqual([{ kind, name }, ...(farther ? [farther] : [])]);
  });

  it('are not made up for a ReplicaSet of a Deployment, whose pods they are', () => {
    const made = owner('ReplicaSet', 'shop-5f4d');
    const owned = { ...made, meta: { ...made.meta, owners: [{ kind: 'Deployment', name: 'shop' }] } };
    expect(workloads({ podOwners: [owned], deployments: [deployment('shop', 1)] })).toEqual(['default/shop-0']);
  });
});
