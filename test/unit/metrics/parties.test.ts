import { describe, expect, test } from 'vitest';
import { resourcesOf } from '../../../src/metrics/parties.ts';

describe('the resources that a party counts for', () => {
  const party = {
    namespace: 'shop',
    pod: 'web-5c9f-x2',
    node: 'node-1',
    owners: [
      { kind: 'ReplicaSet', name: 'web-5c9f' },
      { kind: 'Deployment', name: 'web' },
    ],
    services: ['web', 'web-v1'],
  };

  test('are found along the chain of owners', () => {
    expect(resourcesOf(party, 'pods')).toEqual([{ kind: 'Pod', namespace: 'shop', name: 'web-5c9f-x2' }]);
    expect(resourcesOf(party, 'replicasets')).toEqual([{ kind: 'ReplicaSet', namespace: 'shop', name: 'web-5c9f' }]);
    expect(resourcesOf(party, 'deployments')).toEqual([{ kind: 'Deployment', namespace: 'shop', name: 'web' }]);
    expect(resourcesOf(party, 'jobs')).toEqual([]);
  });

  test('have a namespace unless their kind has none', () => {
    expect(resourcesOf(party, 'namespaces')).toEqual([{ kind: 'Namespace', name: 'shop' }]);
    expect(resourcesOf(party, 'nodes')).toEqual([{ kind: 'Node', name: 'node-1' }]);
  });

  test('are all Services of the party', () => {
    expect(resourcesOf(party, 'services').map(({ name }) => name)).toEqual(['web', 'web-v1']);
  });

  test('are none of what is not known', () => {
    expect(resourcesOf({}, 'pods')).toEqual([]);
    expect(resourcesOf({ pod: 'p' }, 'pods')).toEqual([]);
    expect(resourcesOf({}, 'namespaces')).toEqual([]);
  });
});
