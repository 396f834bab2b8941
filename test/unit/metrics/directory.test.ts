import { describe, expect, test } from 'vitest';
import type { PodObject } from '../../../src/kubernetes/types.ts';
import { directoryOf, type MeshDirectory, ModelDirectory } from '../../../src/metrics/directory.ts';
import { Parties } from '../../../src/metrics/series.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { compile, pod, service } from '../../support/objects.ts';
import { trafficLabels } from '../../support/telemetry/counting-proxy.ts';

const idOf = (account: string) => `spiffe://cluster.local/ns/default/sa/${account}`;

function owned(name: string, deployment: string, account: string): PodObject {
  const made = pod(`default/${name}`, { app: deployment, account });
  return { ...made, meta: { ...made.meta, owners: [{ kind: 'Deployment', name: deployment }] } };
}

const pods = [
  ...['thief-0', 'thief-1'].map((name) => owned(name, 'thief', 'thief')),
  ...['web', 'cron'].map((deployment) => owned(`${deployment}-0`, deployment, 'shared')),
];
const services = [service('default/thief'), service('default/web')];

function modelOf(present: readonly PodObject[]): MeshModel {
  return compile({ pods: present, services }).model;
}

/** The caller that a server's proxy knows by what it proves, and perhaps by its owner. */
function caller(directory: MeshDirectory, account: string, owner = '') {
  return new Parties(directory).source(
    trafficLabels({
      direction: 'inbound',
      source_namespace: 'default',
      source_identity: idOf(account),
      source_owner: owner,
    }),
  );
}

describe('a caller that no rule of the server names', () => {
  const directory = new ModelDirectory(() => modelOf(pods));

  test('is known by what all pods of its account have in common', () => {
    const thief = { owners: [{ kind: 'Deployment', name: 'thief' }], services: ['thief'] };
    expect(caller(directory, 'thief')).toMatchObject(thief);
    expect(caller(directoryOf(JSON.parse(JSON.stringify(directory))), 'thief')).toMatchObject(thief);
    expect(caller(directory, 'shared')).toMatchObject({ owners: [], services: [] });
    expect(caller(directory, 'nobody')).toMatchObject({ namespace: 'default', owners: [], services: [] });
  });

  test('is still known once its pods are gone', () => {
    let model = modelOf(pods);
    const later = new ModelDirectory(() => model);
    expect(caller(later, 'thief')).toMatchObject({ services: ['thief'] });
    model = modelOf(pods.slice(2));
    expect(caller(later, 'thief')).toMatchObject({ owners: [{ kind: 'Deployment', name: 'thief' }] });
  });

  test('has the owner that the proxy says, where that is another one', () => {
    expect(caller(directory, 'shared', 'Deployment/web')).toMatchObject({
      owners: [{ kind: 'Deployment', name: 'web' }],
    });
    expect(caller(directory, 'thief', 'Deployment/old')).toMatchObject({
      owners: [{ kind: 'Deployment', name: 'old' }],
    });
  });
});
