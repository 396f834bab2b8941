import { describe, expect, it } from 'vitest';
import { podBootstrap } from '../../../../adapters/envoy/index.ts';
import { protoFaults } from '../../../support/proto-json.ts';

const pod = {
  id: 'default/web-0',
  cluster: 'default/web',
  addresses: ['10.0.0.1', 'fd00::1'],
  adminPort: 15_000,
  hopLimit: 66,
  controlPlane: {
    address: 'controller.mesh.svc',
    port: 15_010,
    identity: 'spiffe://cluster.local/ns/mesh/sa/controller',
  },
  directory: '/var/run/smi-mesh',
};
const bootstrap = podBootstrap({ ...pod, metricsPort: 15_020 });

describe('the bootstrap of an Envoy in a pod', () => {
  it('has only fields that Envoy knows', () => {
    expect(protoFaults('envoy.config.bootstrap.v3.Bootstrap', bootstrap)).toEqual([]);
  });

  it('has a way to whoever counts what it carries, who shows that to others', () => {
    const counted = podBootstrap({ ...pod, telemetrySocket: '/var/run/smi-mesh/telemetry.sock' });
    expect(protoFaults('envoy.config.bootstrap.v3.Bootstrap', counted)).toEqual([]);
    expect(counted.node).toMatchObject({ metadata: { 'smi-mesh.io/telemetry': 'grpc' } });
    const { clusters, listeners } = counted.staticResources as Record<string, readonly { readonly name: string }[]>;
    expect(clusters?.map(({ name }) => name)).toEqual(['smi-mesh-control-plane', 'smi-mesh-telemetry']);
    expect(listeners).toBeUndefined();
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
