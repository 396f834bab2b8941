import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { bridgeTarget } from '../../../src/cli/controller/bridge.ts';
import { translators } from '../../../src/cli/translators.ts';
import { Bridge } from '../../../src/control/cluster/bridge/bridge.ts';
import { BridgeState } from '../../../src/control/cluster/bridge/bridge-state.ts';
import { createLog } from '../../../src/control/cluster/log.ts';
import { connect } from '../../../src/kubernetes-client/connect.ts';
import { pluralOf } from '../../../src/kubernetes-client/write.ts';
import { until } from '../../e2e/support/mesh.ts';
import { compile, pod, service, split } from '../../support/objects.ts';
import { type ApiObject, adminOf } from '../support/client.ts';
import { install } from '../support/crds.ts';
import { openDefinition } from '../support/open-definition.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const cluster = await startTestCluster();
const client = adminOf(cluster);
const kinds = (await translators.istio!()).kinds ?? [];

const ports = ['80:8080 http', '5432:5432 tcp'];
const { model } = compile({
  services: [service('shop', { ports }), service('v1', { ports })],
  pods: [pod('shop', { ports: ['8080', '5432'] }), pod('v1', { ports: ['8080', '5432'] })],
  splits: [split('s', 'shop', { v1: 1 })],
});

/** `KIND NAME` of everything that Istio could read. */
async function held(): Promise<readonly string[]> {
  const lists = await Promise.all(
    kinds.map(async ({ apiVersion, kind }) => {
      const { body } = await client.get(`/apis/${apiVersion}/namespaces/default/${pluralOf(kind)}`);
      return (body.items as readonly ApiObject[]).map(({ metadata }) => `${kind} ${metadata?.name}`);
    }),
  );
  return lists.flat().sort();
}

/** Runs a bridge with options of the adapter until the cluster holds what it asks for. */
async function bridged(option: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const target = await bridgeTarget({ adapter: 'istio', option });
  const connected = await connect({ kubeconfig: cluster.kubeconfig });
  if (!target.ok || target.value === undefined || !connected.ok) throw new Error('there is no bridge');
  const { artifacts } = await target.value.translate(model, new AbortController().signal);
  const wanted = artifacts.map(({ name }) => name.replace('/default/', ' ')).sort();
  const lines: string[] = [];
  const log = createLog('info', (line) => lines.push(line));
  const bridge = new Bridge(connected.value, target.value, log, new BridgeState());
  const stopping = new AbortController();
  const ran = bridge.run(() => model, stopping.signal);
  try {
    await until(
      async () => isDeepStrictEqual(await held(), wanted),
      60_000,
      () => lines.slice(-20).join(''),
    );
    return wanted;
  } finally {
    stopping.abort();
    await ran;
    bridge.stop();
  }
}

test('when routes become those of another API, what the others said is removed, and everything else stays', async () => {
  await Promise.all(kinds.map((kind) => install(client, openDefinition(kind))));
  const others = ['AuthorizationPolicy smi-mesh-deny', 'PeerAuthentication smi-mesh'];
  const byIstio = [...others, 'VirtualService shop'];
  expect(await bridged({})).toEqual(byIstio);
  const byApi = await bridged({ routes: 'gateway-api' });
  expect(byApi).toEqual([others[0], 'HTTPRoute shop-80', others[1], 'TCPRoute shop-5432']);
  expect(await bridged({})).toEqual(byIstio);
}, 180_000);
