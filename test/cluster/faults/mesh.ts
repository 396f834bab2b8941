import type { Host } from '../../support/pods-in-namespaces/network.ts';
import type { ApiClient } from '../support/client.ts';
import { make, makeAccount, makeService, runPod } from '../support/workloads.ts';

interface FaultPod extends Host {
  readonly account: string;
}

const pod = (name: string, last: number): FaultPod => ({
  ...{ name, account: name, addresses: [`10.244.0.${last}`, `fd00:244::${last}`] },
});

export const pods: readonly FaultPod[] = [pod('buyer', 11), pod('thief', 12), pod('store-a', 13), pod('store-b', 14)];
export const storeAddress = '10.96.0.100';

const splits = '/apis/split.smi-spec.io/v1alpha4/namespaces/default/trafficsplits';
const split = (first: number, second: number) => ({
  spec: {
    service: 'store',
    backends: [
      { service: 'store-a', weight: first },
      { service: 'store-b', weight: second },
    ],
  },
});
const account = (name: string) => ({ kind: 'ServiceAccount', name, namespace: 'default' });

/** The buyer may read; the thief may nothing. All requests go to the first of two backends. */
export async function makeMesh(client: ApiClient): Promise<void> {
  for (const { name } of [...pods, { name: 'churn' }]) await makeAccount(client, name);
  for (const { name, addresses } of pods) await runPod(client, { name, ip: addresses[0], injected: 'envoy' });
  for (const name of ['store-a', 'store-b', 'churn']) await makeService(client, name);
  await make(client, '/api/v1/namespaces/default/services', {
    metadata: { name: 'store' },
    spec: {
      clusterIP: storeAddress,
      selector: { app: 'store-a' },
      ports: [{ name: 'http', port: 80, targetPort: 8080 }],
    },
  });
  await make(client, '/apis/specs.smi-spec.io/v1alpha4/namespaces/default/httproutegroups', {
    ...{ apiVersion: 'specs.smi-spec.io/v1alpha4', kind: 'HTTPRouteGroup', metadata: { name: 'books' } },
    spec: { matches: [{ name: 'read', methods: ['GET'], pathRegex: '/books.*' }] },
  });
  for (const name of ['store-a', 'store-b', 'churn']) {
    await make(client, '/apis/access.smi-spec.io/v1alpha4/namespaces/default/traffictargets', {
      ...{ apiVersion: 'access.smi-spec.io/v1alpha4', kind: 'TrafficTarget', metadata: { name } },
      spec: {
        destination: account(name),
        sources: [account('buyer')],
        rules: [{ kind: 'HTTPRouteGroup', name: 'books' }],
      },
    });
  }
  await make(client, splits, {
    apiVersion: 'split.smi-spec.io/v1alpha4',
    kind: 'TrafficSplit',
    metadata: { name: 'store' },
    ...split(1, 0),
  });
}

export async function setWeights(client: ApiClient, first: number, second: number): Promise<void> {
  const { status, body } = await client.patch(`${splits}/store`, split(first, second));
  if (status !== 200) throw new Error(`the split is refused: ${body.message}`);
}

/** Pods of the Service `churn` that no node has. */
export async function makeChurn(client: ApiClient, count: number): Promise<void> {
  await inParallel(count, async (index) => {
    await runPod(client, {
      name: `churn-${index}`,
      app: 'churn',
      ip: `10.250.${index >> 8}.${index & 255}`,
      injected: 'envoy',
    });
  });
}

export async function deleteChurn(client: ApiClient, count: number): Promise<void> {
  await inParallel(count, async (index) => {
    await client.delete(`/api/v1/namespaces/default/pods/churn-${index}?gracePeriodSeconds=0`);
  });
}

async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}
