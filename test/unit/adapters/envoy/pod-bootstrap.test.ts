import { describe, expect, it } from 'vitest';
import { podBootstrap } from '../../../../adapters/envoy/index.ts';
import { protoFaults } from '../../../support/proto-json.ts';

const bootstrap = podBootstrap({
  id: 'default/web-0',
  cluster: 'default/web',
  addresses: ['10.0.0.1', 'fd00::1'],
  adminPort: 15_000,
  metricsPort: 15_020,
  hopLimit: 66,
  controlPlane: {
    address: 'controller.mesh.svc',
    port: 15_010,
    identity: 'spiffe://cluster.local/ns/mesh/sa/controller',
  },
  directory: '/var/run/smi-mesh',
});

describe('the bootstrap of an Envoy in a pod', () => {
  it('has only fields that Envoy knows', () => {
    expect(protoFaults('envoy.config.bootstrap.v3.Bootstrap', bootstrap)).toEqual([]);
  });

  it('shows others the metrics of the admin endpoint and nothing else', () => {
    expect(bootstrap.admin).toEqual({ address: { socketAddress: { address: '127.0.0.1', portValue: 15_000 } } });
    const { listeners } = bootstrap.staticResources as { readonly listeners: readonly object[] };
    const bound = listeners.map(
      (listener) => (listener as { address: { socketAddress: object } }).address.socketAddress,
    );
    expect(bound).toEqual([
      { address: '10.0.0.1', portValue: 15_020 },
      { address: 'fd00::1', portValue: 15_020 },
    ]);
    expect(JSON.stringify(listeners).match(/"cluster":"smi-mesh-admin"/g)).toHaveLength(2);
    expect(JSON.stringify(listeners)).toContain('"match":{"path":"/metrics"}');
  });
});
